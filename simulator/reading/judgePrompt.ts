import type { ChatMessage } from '../chatRequest';
import { readLabels, readTranscript, splitAtConversation, type TranscriptLine } from './labels';

/** What a judge was shown: the task of both sides, and what was said. */
export interface JudgePrompt {
  readonly scenario: string;
  /** In the order of the goals: agent_1, agent_2. */
  readonly names: readonly [string, string];
  readonly goals: readonly [string, string];
  readonly backgrounds: readonly [string, string];
  readonly transcript: readonly TranscriptLine[];
}

/** `judge-v1`: reads the first message that names two goals. */
export function readJudgePrompt(messages: readonly ChatMessage[]): JudgePrompt | undefined {
  for (const { content } of messages) {
    const prompt = readJudgeMessage(content);
    if (prompt) return prompt;
  }
  return undefined;
}

function readJudgeMessage(content: string): JudgePrompt | undefined {
  const { head, conversation } = splitAtConversation(content);
  const { scenario, goals, backgrounds } = readLabels(head);
  const [one, other] = [...goals];
  if (!one || !other) return undefined;
  return {
    scenario,
    names: [one[0], other[0]],
    goals: [one[1], other[1]],
    backgrounds: [backgrounds.get(one[0]) ?? '', backgrounds.get(other[0]) ?? ''],
    transcript: readTranscript(
      conversation,
      [one[0], other[0]].sort((a, b) => b.length - a.length),
    ),
  };
}
