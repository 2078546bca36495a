import { type CallBudget, CallBudgets } from '../../activities/models/callBudget';
import { failure } from '../../activities/support/failures';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

/** A worker of a campaign; it knows of the others by the store alone. */
const worker = (campaign: string): CallBudget => new CallBudgets(objects.open()).of(campaign);

/** Makes as many calls at once as it may. @returns how many were made and how many were refused */
async function callAtOnce(budget: CallBudget, calls: number, limit: number) {
  const outcomes = await Promise.allSettled(
    Array.from({ length: calls }, () => budget.call(limit, async () => 'answer')),
  );
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  for (const { reason } of refused) expect(reason).toMatchObject({ type: 'CALLS_EXHAUSTED' });
  return { made: calls - refused.length, refused: refused.length };
}

const CALL = async () => 'answer';

test('500 calls in flight in four workers stop exactly at the limit', async () => {
  const workers = Array.from({ length: 4 }, () => worker('crowded'));
  const outcomes = await Promise.all(workers.map((one) => one.whileUsed(() => callAtOnce(one, 125, 300))));
  expect(outcomes.reduce((sum, { made }) => sum + made, 0)).toBeLessThanOrEqual(300);
  // What one worker gave back unused, another may use.
  const rest = await callAtOnce(worker('crowded'), 300, 300);
  expect(outcomes.reduce((sum, { made }) => sum + made, rest.made)).toBe(300);
});

test('a worker that is killed takes calls with it, and never lets one through too many', async () => {
  const killed = worker('killed');
  await killed.call(100, CALL);
  // It gives nothing back.
  const { made } = await callAtOnce(worker('killed'), 200, 100);
  expect(made).toBeLessThan(100);
  expect(made).toBeGreaterThan(50);
});

test('a raised limit lets the campaign go on, and without one nothing is counted', async () => {
  const budget = worker('raised');
  expect(await callAtOnce(budget, 50, 40)).toEqual({ made: 40, refused: 10 });
  expect(await callAtOnce(budget, 50, 60)).toEqual({ made: 20, refused: 30 });
  await expect(budget.call(null, CALL)).resolves.toBe('answer');
});

test('a call that the provider turned away is not one of those that are paid', async () => {
  const budget = worker('throttled');
  const turnedAway = () => Promise.reject(failure('MODEL_RATE_LIMITED', 'slow down'));
  for (let attempt = 0; attempt < 20; attempt += 1)
    await expect(budget.call(10, turnedAway)).rejects.toMatchObject({ type: 'MODEL_RATE_LIMITED' });
  expect(await callAtOnce(budget, 20, 10)).toEqual({ made: 10, refused: 10 });
});
