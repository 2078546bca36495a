import { judgePrompt, readJudgement } from '../../domain/prompts/judge';
import { DIMENSIONS } from '../../schemas/scores';
import { ada, ben, boatTask } from '../support/people';

const call = {
  model: 'm',
  snapshot: 'm',
  promptDigest: '0'.repeat(64),
  usage: { inputTokens: 0, outputTokens: 0 },
  calls: 1,
};
const side = (goal: unknown) =>
  Object.fromEntries(
    DIMENSIONS.map((dimension) => [
      dimension,
      { reasoning: `about ${dimension}`, score: dimension === 'goal' ? goal : 0 },
    ]),
  );
const answer = (first: unknown, second: unknown) =>
  JSON.stringify({ agent_1: side(first), agent_2: side(second) });

test('a full answer gives seven scores and seven reasonings a side', () => {
  const read = readJudgement(`Here it is:\n${answer(7, 3)}`);
  expect(read).toMatchObject({ scores: [{ goal: 7 }, { goal: 3 }] });
  expect('reasoning' in read && Object.keys(read.reasoning[0])).toEqual(DIMENSIONS);
});

test.each([
  ['prose', 'The first agent did well.'],
  ['a score out of range', answer(11, 3)],
  ['a score that is no integer', answer(6.5, 3)],
  ['a score as text', answer('7', 3)],
  ['one side only', JSON.stringify({ agent_1: side(7) })],
  [
    'a missing dimension',
    JSON.stringify({ agent_1: { goal: { reasoning: '', score: 1 } }, agent_2: side(3) }),
  ],
])('%s is unreadable, never a score', (_what, text) => {
  expect(readJudgement(text)).toHaveProperty('unreadable');
});

test('the judge reads both goals and both secrets, and no turns in which nothing was done', () => {
  const turns = [
    { number: 0, speaker: 0 as const, action: { type: 'none' as const, argument: '' }, call },
    { number: 1, speaker: 1 as const, action: { type: 'speak' as const, argument: 'Hello.' }, call },
  ];
  const text = judgePrompt(boatTask, [ada, ben], turns)[0]?.content ?? '';
  expect(text).toContain("Ada Marsh's goal: Sell the boat. It cost 40.");
  expect(text).toContain(ben.secret);
  expect(text).toContain('Turn #1: Ben Okoro said: "Hello."');
  expect(text).not.toContain('did nothing');
});
