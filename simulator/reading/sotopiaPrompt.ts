import type { Action, Turn } from '../acts';
import type { ChatMessage } from '../chatRequest';
import type { DialoguePrompt } from './dialoguePrompt';
import { readLabels, readTranscript, splitAtConversation } from './labels';

const SELF = 'Imagine you are ';

/** `sotopia-v1`: one user message with context and history, as Sotopia writes it; later messages ask for repair. */
export function readSotopiaPrompt(messages: readonly ChatMessage[]): DialoguePrompt | undefined {
  const prompt = messages.find(({ role, content }) => role === 'user' && content.includes(SELF))?.content;
  if (prompt === undefined) return undefined;
  const { head, conversation } = splitAtConversation(prompt);
  const { scenario, goals } = readLabels(head);
  const self = ownName(prompt, [...goals.keys()]);
  const goal = (self === undefined ? undefined : goals.get(self)) ?? '';
  const turns = readTranscript(conversation, [...goals.keys()]).map(
    ({ name, action }): Turn => ({ own: name === self, action }),
  );
  return { template: 'sotopia-v1', text: `${scenario} ${goal}`, goal, turns };
}

/** The participant meant by `Imagine you are …`; the longest name, since one may begin with another. */
function ownName(prompt: string, names: readonly string[]): string | undefined {
  const after = prompt.slice(prompt.indexOf(SELF) + SELF.length);
  return [...names].sort((a, b) => b.length - a.length).find((name) => after.startsWith(name));
}

export const writeSotopiaAction = ({ type, argument }: Action): string =>
  JSON.stringify({ action_type: type, argument });
