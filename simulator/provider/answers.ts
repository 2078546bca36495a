import type { ChatMessage } from '../chatRequest';
import { PROSE } from '../faults';
import { modelNamed } from '../models';
import { readDialoguePrompt } from '../reading/dialoguePrompt';

/** What an answer may depend on. */
export interface Asked {
  readonly model: string;
  /** The snapshot that answers. */
  readonly snapshot: string;
  readonly messages: readonly ChatMessage[];
  readonly seed: number | null;
  readonly temperature: number | null;
  /** Calls of this model before this one. */
  readonly number: number;
  readonly key: string;
}

/** What a model says, whole; or an ApiError that it throws. */
export type Answer = string | { refusal: string };
export type AnswerFunction = (asked: Asked) => Answer | Promise<Answer>;

/**
 * The simulator's programs. A model that has no name of theirs is played by the program that the prompt asks for, so
 * that a campaign written for a provider's models runs as it is.
 */
export const simulatedAnswer: AnswerFunction = ({ model, messages, seed, temperature }) => {
  const simulated = modelNamed(model) ?? modelNamed(programFor(messages));
  const answer = simulated?.answer({ messages, seed, temperature }) ?? { content: PROSE };
  return 'content' in answer ? answer.content : answer;
};

function programFor(messages: readonly ChatMessage[]): string {
  if (messages.some(({ content }) => /^\s*Keyword:/m.test(content))) return 'simulated-author';
  return readDialoguePrompt(messages) ? 'simulated-expert' : 'simulated-judge';
}
