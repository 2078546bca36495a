import { CancelledFailure } from '@temporalio/activity';
import type { ChatAnswer, ChatRequest } from '../support/chatServer';
import { batchTests, onlyEpisode } from '../support/episodeBatches';
import { isForJudge, judgement, LINES, script } from '../support/scripts';

const { scripted } = batchTests();

/** A played episode whose judge answers so, one call after the other; the last answer stays. */
async function judgedBy(...answers: ChatAnswer[]) {
  const { server, store, start } = await scripted((request) =>
    isForJudge(request) ? ((answers.length > 1 ? answers.shift() : answers[0]) ?? '') : script(request),
  );
  const rated = async () => {
    const finished = await start().result;
    return { ...(await onlyEpisode(store, finished)), ...finished };
  };
  return { server, start, rated, asked: (): ChatRequest[] => server.asked.filter(isForJudge) };
}

test('reasoning and scores of both sides are kept, in the order of the positions', async () => {
  const { rated } = await judgedBy(judgement(9, 3));
  const { row, rating, unrated } = await rated();
  expect(row.scores?.map(({ goal }) => goal)).toEqual([9, 3]);
  expect(rating).toMatchObject({
    kind: 'rated',
    episode: row.id,
    scores: row.scores,
    reasoning: [{ goal: 'on goal' }, { secret: 'on secret' }],
  });
  expect(unrated).toEqual({ count: 0, reasons: {}, example: null });
});

test.each([
  ['prose', 'Both did well.'],
  ['half an object', judgement(9, 3).slice(0, 200)],
  ['a score out of range', judgement(11, 3)],
  ['a score in words', judgement('nine', 3)],
])('%s is repaired by asking again, with another seed and what was wrong', async (_what, bad) => {
  const { rated, asked } = await judgedBy(bad, judgement(9, 3));
  const { row, rating } = await rated();
  expect(row.scores?.[0].goal).toBe(9);
  expect(rating.call).toMatchObject({ calls: 2, usage: { inputTokens: 20 } });
  const [first, second] = asked();
  expect(second?.seed).not.toBe(first?.seed);
  expect(second?.messages.at(-1)?.content).toContain('could not be read');
});

test('an answer that stays unreadable after two repairs leaves the episode unrated, never scored', async () => {
  const { rated, asked } = await judgedBy('prose 0', 'prose 1', 'prose 2');
  const { row, rating, unrated } = await rated();
  expect(row.scores).toBeNull();
  expect(asked()).toHaveLength(3);
  expect(rating).toMatchObject({ kind: 'unrated', reason: 'unreadable-answer', answer: 'prose 2' });
  expect(unrated).toEqual({ count: 1, reasons: { 'unreadable-answer': 1 }, example: '"prose 2"' });
});

test('a refusal is not argued with: unrated at once, with what was said', async () => {
  const { rated, asked } = await judgedBy({ refusal: 'I will not judge this.' });
  const { row, rating, unrated } = await rated();
  expect(row.scores).toBeNull();
  expect(asked()).toHaveLength(1);
  expect(rating).toMatchObject({ reason: 'refusal', answer: 'I will not judge this.' });
  expect(unrated).toMatchObject({ count: 1, reasons: { refusal: 1 } });
});

test('an answer that is cut off is asked for once more, with the reason; twice cut off, it is unrated as such', async () => {
  const cut = { cut: judgement(9, 3).slice(0, 200) };
  const once = await judgedBy(cut, judgement(9, 3));
  expect((await once.rated()).row.scores?.[0].goal).toBe(9);
  expect(once.asked()[1]?.messages.at(-1)?.content).toContain('cut off because it is too long');

  const twice = await judgedBy(cut);
  expect((await twice.rated()).rating).toMatchObject({ reason: 'truncated-answer', answer: cut.cut });
  expect(twice.asked()).toHaveLength(2);
});

test('a prompt that the provider’s filter stops is a refusal, and does not end the attempt', async () => {
  const { rated, asked } = await judgedBy({ status: 400, code: 'content_filter' });
  const { rating, models } = await rated();
  expect(rating).toMatchObject({ kind: 'unrated', reason: 'refusal', call: { snapshot: '', calls: 1 } });
  expect(models?.every(({ snapshot }) => snapshot !== '')).toBe(true);
  expect(asked()).toHaveLength(1);
});

test('an unparsable episode is not sent to the judge', async () => {
  const { server, store, finish } = await scripted(() => '[action]');
  const finished = await finish();
  const { row, rating } = await onlyEpisode(store, finished);
  expect(server.asked.some(isForJudge)).toBe(false);
  expect(rating).toEqual({
    kind: 'unrated',
    episode: row.id,
    reason: 'unparsable-episode',
    answer: '[action]',
  });
  expect(finished.unrated).toMatchObject({ count: 1, reasons: { 'unparsable-episode': 1 } });
});

test.each([
  [{ status: 500 }, 'MODEL_UNAVAILABLE'],
  [{ status: 429, headers: { 'retry-after-ms': '100' } }, 'MODEL_RATE_LIMITED'],
])('a judge that answers %j for a while is waited for, and the episode is rated', async (answer, type) => {
  let lasts = true;
  const { server, store, start } = await scripted((request) =>
    isForJudge(request) && lasts ? answer : script(request),
  );
  const running = start();
  const { waiting, played } = await running.progress((progress) => progress.waiting !== null);
  expect(waiting?.type).toBe(type);
  expect(played).toMatchObject([{ number: 0, ending: 'left', turns: LINES.length }]);
  lasts = false;
  expect((await onlyEpisode(store, await running.result)).row.scores).not.toBeNull();
  expect(server.asked.filter((request) => !isForJudge(request))).toHaveLength(LINES.length);
});

test('a judge that refuses the key ends the attempt, and nothing is unrated', async () => {
  const { rated } = await judgedBy({ status: 401 });
  await expect(rated()).rejects.toMatchObject({ type: 'MODEL_UNAUTHORIZED' });
});

test('cancelled while the judge thinks, it ends as cancelled', async () => {
  const { start, asked } = await judgedBy({ never: true });
  const running = start();
  await running.progress(({ played }) => played.length === 1);
  running.cancel();
  await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
  expect(asked()).toHaveLength(1);
});
