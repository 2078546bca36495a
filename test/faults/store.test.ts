import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobKey } from '../../artifacts/artifactStore';
import type { Removal } from '../../chaos/faultProxy';
import { largestPayload } from '../support/largestPayload';
import { StageResult } from '../../schemas/plan';
import { contentOf } from '../support/campaignRuns';
import { indexesIn, startCollection, storeCollection, undisturbedIndexes } from '../support/collections';
import { filesBelow, historiesOf } from '../support/evidence';
import { FaultSystem, stageOf, TESTER, untilParked, untilStage } from '../support/faultSystem';
import { until } from '../support/processes';
import { isForJudge, script } from '../support/scripts';

let faults: FaultSystem;
beforeAll(async () => {
  faults = await FaultSystem.open();
});
beforeEach(() => faults.reset());
/** Faults of a test end with it. */
const removals: Removal[] = [];
afterEach(() => removals.splice(0).forEach((remove) => remove()));
afterAll(() => faults.close());

/** Where the S3 server of the tests keeps a blob: what a failing disk damages. */
const fileOf = (digest: string): string =>
  faults.system.state.file(join('buckets', 'pi-loop', blobKey(digest)));

/** What S3 says when bytes arrive that are not those that were sent. */
const BAD_DIGEST =
  '<?xml version="1.0"?><Error><Code>BadDigest</Code><Message>The checksum you specified did not match.</Message></Error>';

test('503, 409, wrong checksums, resets, half answers and slowness of S3 are waited out: same keys, same bytes, same digests', async () => {
  await faults.startWorkers({ S3_BUCKET: 'calm' });
  const calm = await faults.bucket('calm');
  const plan = await faults.plan('weather', undefined, calm);
  const expected = await (await faults.campaigns.start({ campaign: 'weather', plan })).campaign.result();

  removals.push(
    faults.s3.inject({ kind: 'latency', milliseconds: 20 }),
    faults.s3.inject({ kind: 'status', status: 503, probability: 0.04 }),
    faults.s3.inject({ kind: 'status', status: 409, method: 'PUT', probability: 0.04 }),
    faults.s3.inject({ kind: 'status', status: 400, method: 'PUT', probability: 0.04, body: BAD_DIGEST }),
    faults.s3.inject({ kind: 'reset', answered: true, probability: 0.04 }),
    faults.s3.inject({ kind: 'reset', answered: false, probability: 0.04 }),
    faults.s3.inject({ kind: 'half', bytes: 20, method: 'GET', probability: 0.04 }),
  );
  await faults.startWorkers();
  const { campaign } = await faults.campaigns.start({
    campaign: 'weather',
    plan: await faults.plan('weather'),
  });
  const result = await campaign.result();
  expect(contentOf(result)).toEqual(contentOf(expected));
  const { latency, status, reset, half } = faults.s3.injected;
  expect(Math.min(latency, status, reset, half)).toBeGreaterThan(0);
  const digests = (await faults.store.list('blobs/')).map((key) => key.slice(blobKey('').length));
  // Reading one verifies it.
  for (const digest of digests) await faults.store.getBytes(digest);
});

test('an artifact with a flipped bit, or gone, stops who reads it; restored, the campaign goes on from there', async () => {
  await faults.startWorkers();
  const campaign = await faults.start('damaged', (spec) => {
    spec['gates'] = [{ before: 'BC/filter', ask: 'Look at the conversations.' }];
  });
  await untilStage(campaign, 'BC/filter', 'gated');
  const key = (await stageOf(campaign, 'BC/collect'))?.key ?? '';
  const { outputs } = (await faults.store.getDocument(`stages/${key}.json`, StageResult)) ?? {};
  const digest = outputs?.['episodes']?.digest.sha256 ?? '';
  const sound = readFileSync(fileOf(digest));
  const flipped = Buffer.from(sound);
  flipped[100] = (flipped[100] ?? 0) ^ 1;
  writeFileSync(fileOf(digest), flipped);
  await campaign.approve('BC/filter', TESTER);
  expect(await untilParked(campaign, 'BC/filter')).toMatchObject({
    type: 'ARTIFACT_CORRUPT',
    message: expect.stringContaining(`Blob ${digest} in bucket "pi-loop" has bytes of digest`),
  });
  rmSync(fileOf(digest));
  await campaign.retry('BC/filter', TESTER);
  await until('the loss is told', async () => {
    return (await stageOf(campaign, 'BC/filter'))?.parking?.type === 'ARTIFACT_MISSING';
  });
  writeFileSync(fileOf(digest), sound);
  await campaign.retry('BC/filter', TESTER);
  const { stages } = await campaign.result();
  expect(stages.find(({ id }) => id === 'BC/filter')?.counts['rows']).toBeGreaterThan(0);
  expect(faults.provider.repeated).toEqual([]);
});

test('Temporal killed in the middle of conversations: over the same database they go on', async () => {
  await faults.startWorkers();
  const collection = await storeCollection(faults.store, 16, 1);
  const expected = await undisturbedIndexes(faults, collection);
  faults.provider.latencyMs = 700;
  const running = await startCollection(faults.client, 'outlived', collection);
  await until('conversations are in their third turn', () => faults.provider.calls.length > 32);
  faults.killTemporal();
  // Nobody can be asked for the result while Temporal is away.
  const indexes = () => indexesIn(faults.store, collection);
  await until('all batches are finished', async () => (await indexes()).length === expected.length);
  expect(await indexes()).toEqual(expected);
  await running.result();
  expect(faults.provider.repeated.length).toBeLessThanOrEqual(2 * 16);
});

test('Temporal killed while a stage is parked: its next try comes at its time', async () => {
  await faults.startWorkers();
  faults.provider.answer = () => ({ status: 404, code: 'model_not_found' });
  const campaign = await faults.start('deadline');
  const { nextTryAt } = await untilParked(campaign, 'BC/collect');
  await untilParked(campaign, 'evaluate/expert');
  faults.reset();
  faults.killTemporal();
  await campaign.result();
  const triedAt = performance.timeOrigin + (faults.provider.calls[0]?.at ?? 0);
  const late = triedAt - Date.parse(nextTryAt ?? '');
  expect(late).toBeGreaterThan(-1_000);
  expect(late).toBeLessThan(10_000);
});

test('3 MB of conversation pass through histories as references: no payload above 64 KiB, no heartbeat above 512 KiB', async () => {
  await faults.startWorkers();
  const long = 'and then some more of it. '.repeat(4_000);
  faults.provider.latencyMs = 900;
  faults.provider.answer = (call) => (isForJudge(call) ? script(call) : `${script(call)} ${long}`);
  const campaign = await faults.start('wordy');
  const heartbeats: number[] = [];
  let ended = false;
  const result = campaign.result().finally(() => (ended = true));
  await until('it is finished', async () => {
    const { activities } = await campaign.status();
    heartbeats.push(...activities.map(({ details }) => Buffer.byteLength(JSON.stringify(details ?? null))));
    return ended;
  });
  await result;
  const said = faults.provider.calls
    .filter(isForJudge)
    .reduce((sum, { messages }) => sum + (messages[0]?.content.length ?? 0), 0);
  expect(said).toBeGreaterThan(3_000_000);
  expect(Math.max(...heartbeats)).toBeLessThanOrEqual(512 * 1024);
  const histories = filesBelow(await historiesOf(faults.system, campaign.id));
  const largest = histories.map((file) => largestPayload(readFileSync(file, 'utf8')));
  expect(largest.length).toBeGreaterThan(2);
  expect(Math.max(...largest)).toBeLessThanOrEqual(64 * 1024);
});
