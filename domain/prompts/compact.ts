import type { Action, Turn } from '../../schemas/episode';
import type { ChatMessage } from '../../schemas/training';
import type { AgentView } from '../episode/view';
import type { PromptTemplate, ReadAction } from './promptTemplate';

const PUNCTUATION = /([.,!?;:"()])/g;

/** Lower case, punctuation as words of its own, single spaces: what a tiny word-level model reads. */
export const compactText = (text: string): string =>
  text.toLowerCase().replace(PUNCTUATION, ' $1 ').replace(/\s+/g, ' ').trim();

const BARE = { leave: '[leave]', none: '[none]' } as const;
const TAGGED = { action: '[action]', 'non-verbal communication': '[non-verbal communication]' } as const;

function write(action: Action): string {
  switch (action.type) {
    case 'leave':
    case 'none':
      return BARE[action.type];
    case 'speak':
      return compactText(action.argument);
    default:
      return `${TAGGED[action.type]} ${compactText(action.argument)}`;
  }
}

function read(answer: string): ReadAction {
  const text = answer.trim().replace(/\s+/g, ' ');
  if (text === '') return { unreadable: 'the answer is empty' };
  if (text.startsWith(BARE.leave)) return { action: { type: 'leave', argument: '' } };
  if (text === BARE.none) return { action: { type: 'none', argument: '' } };
  for (const type of ['action', 'non-verbal communication'] as const) {
    if (text.startsWith(TAGGED[type])) return readTagged(type, text.slice(TAGGED[type].length).trim());
  }
  return { action: { type: 'speak', argument: text } };
}

function readTagged(type: Action['type'], argument: string): ReadAction {
  return argument === '' ? { unreadable: `[${type}] without saying which` } : { action: { type, argument } };
}

function prompt(view: AgentView, turns: readonly Turn[]): ChatMessage[] {
  return [
    { role: 'system', content: compactText(`${view.scenario} ${view.goal}`) },
    ...turns.map(
      (turn): ChatMessage => ({
        role: turn.speaker === view.position ? 'assistant' : 'user',
        content: write(turn.action),
      }),
    ),
  ];
}

/** `compact-v1`: a chat whose system message is scenario and own goal; an action is plain text or a bracketed word. */
export const compactTemplate: PromptTemplate = {
  prompt,
  write,
  read,
  // A model this small follows no instruction to reformat; it is asked again, with another seed.
  repair: (original) => original,
  examples(view, turns) {
    const own = turns.filter((turn) => turn.speaker === view.position);
    if (own.length === 0 || own.some((turn) => turn.action.type === 'none')) return [];
    const lastOwn = turns.findLastIndex((turn) => turn.speaker === view.position);
    return [prompt(view, turns.slice(0, lastOwn + 1))];
  },
};
