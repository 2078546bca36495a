import { endingOf, nextSpeaker } from '../../domain/episode/rules';
import type { Action, Turn } from '../../schemas/episode';

const RULES = { maxTurns: 20, maxSilentTurns: 2 };
const call = {
  model: 'm',
  snapshot: 'm',
  promptDigest: '0'.repeat(64),
  usage: { inputTokens: 0, outputTokens: 0 },
  calls: 1,
};
const said: Action = { type: 'speak', argument: 'hello' };
const nothing: Action = { type: 'none', argument: '' };
const left: Action = { type: 'leave', argument: '' };

const turnsOf = (...actions: Action[]): Turn[] =>
  actions.map((action, number) => ({ number, speaker: number % 2 === 0 ? 0 : 1, action, call }));

test('agents speak in turn, position 0 first', () => {
  expect(nextSpeaker([])).toBe(0);
  expect(nextSpeaker(turnsOf(said))).toBe(1);
  expect(nextSpeaker(turnsOf(said, said))).toBe(0);
});

test('a conversation goes on while it is talked and the limit is not reached', () => {
  expect(endingOf([], RULES)).toBeNull();
  expect(endingOf(turnsOf(...Array<Action>(19).fill(said)), RULES)).toBeNull();
});

test('leaving ends it at once', () => {
  expect(endingOf(turnsOf(said, left), RULES)).toBe('left');
});

test('it ends after twenty turns, as in Sotopia v0.1.4', () => {
  expect(endingOf(turnsOf(...Array<Action>(20).fill(said)), RULES)).toBe('limit');
});

test('more than two turns of silence end it, two do not', () => {
  expect(endingOf(turnsOf(said, nothing, nothing), RULES)).toBeNull();
  expect(endingOf(turnsOf(said, nothing, nothing, nothing), RULES)).toBe('silence');
});

test('silence counts only when unbroken', () => {
  expect(endingOf(turnsOf(nothing, nothing, said, nothing, nothing), RULES)).toBeNull();
});
