import {
  attemptsOf,
  indexesIn,
  startCollection,
  storeCollection,
  turnsTold,
  undisturbedIndexes,
} from '../support/collections';
import { movableClock, moveClock } from '../../chaos/system/movedClock';
import { FaultSystem } from '../support/faultSystem';
import { until } from '../support/processes';
import { CALLS_AN_EPISODE, episodeAsked, isForJudge, turnAsked } from '../support/scripts';

const HOUR = 3_600_000;

let faults: FaultSystem;
beforeAll(async () => {
  faults = await FaultSystem.open();
});
beforeEach(() => faults.reset());
afterAll(() => faults.close());

let seed = 0;
const collectionOf = (episodes: number) => storeCollection(faults.store, episodes, (seed += 1_000));

/** How many calls were made again, by episode. */
function repeatedByEpisode(): number[] {
  const repeated = new Map<number, number>();
  for (const call of faults.provider.repeated)
    repeated.set(episodeAsked(call), (repeated.get(episodeAsked(call)) ?? 0) + 1);
  return [...repeated.values()];
}

test('64 conversations whose worker is killed go on on another worker, with at most two calls each made again', async () => {
  const collection = await collectionOf(64);
  const expected = await undisturbedIndexes(faults, collection);
  await faults.startWorkers();
  faults.provider.latencyMs = 1_000;
  const running = await startCollection(faults.client, 'killed', collection);
  const inTheirThirdTurn = () =>
    faults.provider.calls.filter((call) => !isForJudge(call) && turnAsked(call) === 2).length;
  await until('64 conversations are in their third turn', () => inTheirThirdTurn() === 64);
  await faults.killWorkers();
  await faults.startWorkers();
  await running.result();
  expect(await indexesIn(faults.store, collection)).toEqual(expected);
  const repeated = repeatedByEpisode();
  // Those in flight were lost, so there is something to repeat.
  expect(repeated.length).toBeGreaterThan(0);
  expect(Math.max(...repeated)).toBeLessThanOrEqual(2);
});

test('killed between the store’s taking a result and the word of it, nothing is made again', async () => {
  const collection = await collectionOf(8);
  await faults.startWorkers();
  const taken = faults.exchange('PUT', /batches\/finished\//);
  const mend = faults.s3.inject({
    kind: 'reset',
    answered: true,
    method: 'PUT',
    path: /batches\/finished\//,
  });
  const running = await startCollection(faults.client, 'unheard', collection);
  await taken;
  const away = faults.s3.inject({ kind: 'stall' });
  await faults.killWorkers();
  const [before] = await indexesIn(faults.store, collection);
  for (const end of [mend, away]) end();
  await faults.startWorkers();
  await running.result();
  expect(before).toBeDefined();
  expect(await indexesIn(faults.store, collection)).toEqual([before]);
  expect(faults.provider.calls).toHaveLength(8 * CALLS_AN_EPISODE);
  expect(Math.max(...(await attemptsOf(running)))).toBeGreaterThan(1);
});

test('with the answers to half of all writes lost, what was written is recognised and counts once', async () => {
  const collection = await collectionOf(8);
  const expected = await undisturbedIndexes(faults, collection);
  await faults.startWorkers();
  const mend = faults.s3.inject({ kind: 'reset', answered: true, method: 'PUT', probability: 0.5 });
  const before = faults.s3.injected.reset;
  const running = await startCollection(faults.client, 'half-heard', collection);
  await running.result().finally(mend);
  expect(faults.s3.injected.reset - before).toBeGreaterThan(8);
  expect(await indexesIn(faults.store, collection)).toEqual(expected);
  expect(faults.provider.repeated).toEqual([]);
});

test('after a crash between a stage’s last artifact and its marker, completion is derived from what there is, and what follows is done', async () => {
  await faults.startWorkers();
  const tasksAreMarked = faults.exchange('PUT', /\/stages\//);
  const campaign = await faults.start('unmarked');
  await tasksAreMarked;
  const mend = faults.s3.inject({ kind: 'reset', answered: false, method: 'PUT', path: /\/stages\// });
  await until('both collections are to be marked as finished', async () => {
    const { activities } = await campaign.status();
    return activities.filter(({ activity }) => activity === 'commitStage').length === 2;
  });
  await faults.killWorkers();
  mend();
  // Nobody remembers the campaign: what there is in the store is all that it can go on from.
  await campaign.handle.terminate();
  const asked = faults.provider.calls.length;
  await faults.startWorkers();
  const { stages } = await (await faults.start('unmarked')).result();
  expect(asked).toBe(16 * CALLS_AN_EPISODE);
  expect(faults.provider.calls).toHaveLength(asked);
  const reused = stages.filter((stage) => stage.reused).map(({ id }) => id);
  // The expert's evaluation may have been finished by then.
  expect(reused.filter((id) => id !== 'evaluate/expert')).toEqual(['tasks']);
  expect(stages.find(({ id }) => id === 'BC/filter')?.counts['rows']).toBeGreaterThan(0);
});

test('a worker whose clock jumps ahead, back and right again loses no turn and no lease', async () => {
  const collection = await collectionOf(8);
  const expected = await undisturbedIndexes(faults, collection);
  const clock = faults.system.state.file('clock');
  await faults.startWorkers(movableClock(clock));
  faults.provider.latencyMs = 300;
  const running = await startCollection(faults.client, 'jumping', collection);
  const untilAsked = (calls: number) =>
    until(`${calls} calls are made`, () => faults.provider.calls.length >= calls);
  await untilAsked(8);
  moveClock(clock, HOUR);
  await untilAsked(24);
  // Longer than a worker may be silent.
  faults.provider.latencyMs = 12_000;
  await until('the third turns are told', async () => {
    const told = await turnsTold(running);
    return told.length === 8 && told.every((turns) => turns === 3);
  });
  // From here on there is nothing to tell but that the worker lives.
  moveClock(clock, -HOUR);
  faults.provider.latencyMs = 300;
  // By now episodes were stored by the wrong clock; their ratings are by the right one.
  await untilAsked(48);
  moveClock(clock, 0);
  await running.result();
  expect(await indexesIn(faults.store, collection)).toEqual(expected);
  expect(faults.provider.repeated).toEqual([]);
});
