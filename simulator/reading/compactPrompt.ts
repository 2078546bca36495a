import { type Action, LEAVE, speak, type Turn } from '../acts';
import type { ChatMessage } from '../chatRequest';
import type { DialoguePrompt } from './dialoguePrompt';

const TAGGED = /^\[(action|non-verbal communication)\]\s*([\s\S]*)$/;

/** `compact-v1`: system message `<scenario> <goal>`, then the other side as user and own turns as assistant. */
export function readCompactPrompt(messages: readonly ChatMessage[]): DialoguePrompt | undefined {
  const [system, ...rest] = messages;
  if (system?.role !== 'system') return undefined;
  const turns = rest.map(
    ({ role, content }): Turn => ({ own: role === 'assistant', action: readCompactAction(content) }),
  );
  return { template: 'compact-v1', text: system.content, goal: system.content, turns };
}

export function readCompactAction(content: string): Action {
  const text = content.trim();
  if (text.startsWith('[leave]')) return LEAVE;
  if (text === '[none]' || text === '') return { type: 'none', argument: '' };
  const [, type, argument] = TAGGED.exec(text) ?? [];
  if (type === 'action' || type === 'non-verbal communication') return { type, argument: argument ?? '' };
  return speak(text);
}

export function writeCompactAction({ type, argument }: Action): string {
  if (type === 'speak') return argument;
  return argument === '' ? `[${type}]` : `[${type}] ${argument}`;
}
