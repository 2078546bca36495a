import { once } from 'node:events';
import { setTimeout as mockedDelay } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/activity';
import { createPatience, type Waiting } from '../../activities/conversation/patience';
import { failure } from '../../activities/support/failures';
import { StorageError } from '../../artifacts/storageError';

jest.mock('node:timers/promises', () => ({ setTimeout: jest.fn() }));
const delay = jest.mocked(mockedDelay);
beforeEach(() => {
  delay.mockReset().mockResolvedValue(undefined);
});
/** In milliseconds; none of them takes any time. */
const pauses = () => delay.mock.calls.map(([pause]) => pause ?? 0);

/** Work that fails so, one time after the other, and then gives `done`. */
function failing(...failures: unknown[]) {
  const told: (Waiting | null)[] = [];
  const controller = new AbortController();
  const work = jest.fn(async () => {
    if (failures.length === 0) return 'done';
    throw failures.shift();
  });
  const patiently = createPatience(controller.signal, (waiting) => told.push(waiting));
  return { outcome: patiently(work), told, work, cancel: (reason: Error) => controller.abort(reason) };
}

const away = (retryAfterMs?: number) => failure('MODEL_UNAVAILABLE', 'No answer.', { retryAfterMs });

test('what may pass is tried again for as long as it lasts, after pauses that double up to a minute', async () => {
  const outage = Array.from({ length: 1000 }, () => away());
  expect(await failing(...outage).outcome).toBe('done');
  expect(pauses()).toHaveLength(1000);
  for (const [index, pause] of pauses().entries()) {
    const least = Math.min(60_000, 500 * 2 ** index);
    expect(pause).toBeGreaterThanOrEqual(least);
    expect(pause).toBeLessThanOrEqual(1.25 * least);
  }
});

test('who says how long to wait is not asked earlier, and its callers do not come back all at once', async () => {
  await Promise.all(Array.from({ length: 20 }, () => failing(away(7_000)).outcome));
  expect(Math.min(...pauses())).toBeGreaterThanOrEqual(7_000);
  expect(new Set(pauses()).size).toBe(20);
});

test('what is waited for is told, and that it is over', async () => {
  const denied = new StorageError('STORAGE_UNREACHABLE', 'The S3 store does not answer.');
  const { outcome, told } = failing(away(), denied);
  await outcome;
  expect(told).toEqual([
    { type: 'MODEL_UNAVAILABLE', message: 'No answer.' },
    { type: 'STORAGE_UNREACHABLE', message: expect.stringContaining('does not answer') as string },
    null,
  ]);
});

test.each([
  ['a refused key', failure('MODEL_UNAUTHORIZED', 'Wrong key.')],
  ['a store that refuses access', new StorageError('STORAGE_DENIED', 'No.')],
  ['a damaged artifact', new StorageError('ARTIFACT_CORRUPT', 'No.')],
  ['a mistake of ours', new TypeError('undefined is not a function')],
])('%s is not waited for', async (_what, error) => {
  const { outcome, told, work } = failing(error);
  await expect(outcome).rejects.toBe(error);
  expect(work).toHaveBeenCalledTimes(1);
  expect(told).toEqual([]);
});

test('a pause ends at once when the attempt is cancelled, with the reason', async () => {
  delay.mockImplementation(async (_pause, _value, options) => {
    await once(options?.signal as AbortSignal, 'abort');
    throw new Error('aborted');
  });
  const { outcome, work, cancel } = failing(away(3_600_000));
  await new Promise((resolve) => setImmediate(resolve));
  expect(delay).toHaveBeenCalledTimes(1);
  const reason = new CancelledFailure('CANCELLED');
  cancel(reason);
  await expect(outcome).rejects.toBe(reason);
  expect(work).toHaveBeenCalledTimes(1);
});
