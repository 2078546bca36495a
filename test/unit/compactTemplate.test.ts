import fc from 'fast-check';
import { compactTemplate, compactText } from '../../domain/prompts/compact';
import { viewOf } from '../../domain/episode/view';
import type { Action, Turn } from '../../schemas/episode';
import { ada, ben, boatTask } from '../support/people';

const call = {
  model: 'm',
  snapshot: 'm',
  promptDigest: '0'.repeat(64),
  usage: { inputTokens: 0, outputTokens: 0 },
  calls: 1,
};
const turnsOf = (...actions: Action[]): Turn[] =>
  actions.map((action, number) => ({ number, speaker: number % 2 === 0 ? 0 : 1, action, call }));
const speak = (argument: string): Action => ({ type: 'speak', argument });

test('the prompt is scenario and own goal, then the other side as user and the own turns as assistant', () => {
  const view = viewOf(boatTask, [ada, ben], 1);
  expect(
    compactTemplate.prompt(view, turnsOf(speak('How about 60?'), { type: 'leave', argument: '' })),
  ).toEqual([
    { role: 'system', content: 'two people meet at a harbour . buy the boat . start low .' },
    { role: 'user', content: 'how about 60 ?' },
    { role: 'assistant', content: '[leave]' },
  ]);
});

test('a training row ends with the last own turn, and each of its prefixes is the prompt at inference', () => {
  const view = viewOf(boatTask, [ada, ben], 0);
  const turns = turnsOf(speak('60 ?'), speak('50 ?'), speak('deal .'), { type: 'leave', argument: '' });
  const [row = []] = compactTemplate.examples(view, turns);
  expect(row.at(-1)).toEqual({ role: 'assistant', content: 'deal .' });
  expect(row.slice(0, 1)).toEqual(compactTemplate.prompt(view, []));
  expect(row.slice(0, 3)).toEqual(compactTemplate.prompt(view, turns.slice(0, 2)));
});

test('a side that once did nothing is not learned from', () => {
  const view = viewOf(boatTask, [ada, ben], 0);
  expect(compactTemplate.examples(view, turnsOf({ type: 'none', argument: '' }, speak('hello')))).toEqual([]);
});

test('an empty answer is unreadable', () => {
  expect(compactTemplate.read('  ')).toHaveProperty('unreadable');
});

test('what is written reads back the same', () => {
  const words = fc
    .array(fc.constantFrom('how', 'about', '60', '?', 'deal', '.', 'limit=40'), { minLength: 1 })
    .map((list) => list.join(' '));
  const action = fc.oneof(
    fc.constant<Action>({ type: 'leave', argument: '' }),
    fc.constant<Action>({ type: 'none', argument: '' }),
    words.map(speak),
    words.map((argument): Action => ({ type: 'action', argument })),
    words.map((argument): Action => ({ type: 'non-verbal communication', argument })),
  );
  fc.assert(
    fc.property(action, (one) => {
      expect(compactTemplate.read(compactTemplate.write(one))).toEqual({ action: one });
    }),
  );
});

test('compact text is stable under itself', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(compactText(compactText(text))).toBe(compactText(text));
    }),
  );
});
