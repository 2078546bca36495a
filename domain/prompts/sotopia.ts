import { z } from 'zod';
import { ACTION_TYPES, ActionType, type Action, type Turn } from '../../schemas/episode';
import type { ChatMessage } from '../../schemas/training';
import type { AgentView } from '../episode/view';
import { extractJson } from './extractJson';
import type { PromptTemplate, ReadAction } from './promptTemplate';
import { perceive } from './transcript';

/** Sotopia offers the action types from an unordered set; here the order is fixed. */
const OFFERED = ACTION_TYPES.map((type) => `"${type}"`).join(', ');

const FORMAT =
  'Answer with one JSON object and nothing else: {"action_type": one of ' +
  `${OFFERED}, "argument": what is said or done, empty for "none" and "leave"}.`;

const Answer = z.object({ action_type: ActionType, argument: z.string().nullish() });

/** What each side is told before its first turn, in Sotopia's words (ScriptBackground). */
export function backgroundOf(view: AgentView): string {
  const [first, second] = view.names;
  const goal = (position: 0 | 1) => (position === view.position ? view.goal : 'Unknown');
  return [
    'Here is the context of this interaction:',
    `Scenario: ${view.scenario}`,
    `Participants: ${first} and ${second}`,
    `${first}'s background: ${view.backgrounds[0] || 'Unknown'}`,
    `${second}'s background: ${view.backgrounds[1] || 'Unknown'}`,
    `${first}'s goal: ${goal(0)}`,
    `${second}'s goal: ${goal(1)}`,
  ].join('\n');
}

function prompt(view: AgentView, turns: readonly Turn[]): ChatMessage[] {
  const self = view.names[view.position];
  const lines = turns.map(
    (turn) => `Turn #${turn.number}: ${view.names[turn.speaker]} ${perceive(turn.action)}`,
  );
  const content = [
    `Imagine you are ${self}. Act and speak as ${self} would, keeping ${self}'s social goal in mind; only you see it.`,
    `Try your best to reach that goal in a way that fits ${self}'s character, and keep the conversation natural: do not repeat what was said before.`,
    backgroundOf(view),
    'Conversation Starts:',
    ...lines,
    `You are at Turn #${turns.length}. Your available action types are: ${OFFERED}.`,
    'You can "leave" when your goal is reached, when you feel uncomfortable, when you lose interest, or for another reason of your own.',
    FORMAT,
  ].join('\n');
  return [{ role: 'user', content }];
}

const write = (action: Action): string =>
  JSON.stringify({ action_type: action.type, argument: action.argument });

function read(answer: string): ReadAction {
  const parsed = Answer.safeParse(extractJson(answer));
  if (!parsed.success) return { unreadable: 'the answer is not the JSON object that was asked for' };
  const { action_type: type, argument } = parsed.data;
  const bare = type === 'none' || type === 'leave';
  const text = (argument ?? '').trim();
  if (!bare && text === '') return { unreadable: `"${type}" without an argument` };
  return { action: { type, argument: bare ? '' : text } };
}

/** `sotopia-v1`: one user message with context, history and the demand for a JSON action, as Sotopia v0.1.4. */
export const sotopiaTemplate: PromptTemplate = {
  prompt,
  write,
  read,
  repair: (original, answer, reason) => [
    ...original,
    ...(answer === '' ? [] : [{ role: 'assistant' as const, content: answer }]),
    {
      role: 'user',
      content: `This could not be read: ${reason}. Say the same again in the right form. ${FORMAT}`,
    },
  ],
  examples: (view, turns) =>
    turns
      .filter((turn) => turn.speaker === view.position && turn.action.type !== 'none')
      .map((turn) => [
        ...prompt(view, turns.slice(0, turn.number)),
        { role: 'assistant' as const, content: write(turn.action) },
      ]),
};
