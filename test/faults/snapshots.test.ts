import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readLog } from '../../artifacts/campaignLog';
import type { Campaign } from '../../client/campaign';
import { CollectedEpisode } from '../../schemas/episode';
import { Rating } from '../../schemas/rating';
import type { SnapshotChange } from '../../schemas/snapshot';
import type { Asked } from '../../simulator/provider/answers';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import type { Spec } from '../support/controlledSystem';
import { EXPERT, FaultSystem, JUDGE, TESTER, untilParked } from '../support/faultSystem';
import { until } from '../support/processes';
import { judgement, script } from '../support/scripts';

/** The judge's answers of May and of June; calls of it until June. */
const MAY = 'judge-may';
const JUNE = 'judge-june';
const RATED_IN_MAY = 13;

let faults: FaultSystem;
let provider: Provider;
beforeAll(async () => {
  faults = await FaultSystem.open();
});
afterEach(() => provider.stop());
afterAll(() => faults.close());

/** A judge that becomes another one in the middle of a campaign, and then gives so many points less. */
async function start(name: string, onSnapshotChange: string, severity: number): Promise<Campaign> {
  const snapshots = [
    { fromCall: 0, name: MAY },
    { fromCall: RATED_IN_MAY, name: JUNE },
  ];
  const answer = ({ model, messages, snapshot, seed }: Asked) =>
    snapshot === JUNE
      ? judgement(9 - severity, 3 - severity)
      : script({ model, messages: [...messages], seed: seed ?? 0 });
  provider = await startProvider({ settings: { models: { [EXPERT]: {}, [JUDGE]: { snapshots } } }, answer });
  await faults.startWorkers({ PROVIDER_URL: provider.baseUrl, PI_LOOP_PROVIDERS: oneByOne() });
  return faults.start(name, judgedWith(onSnapshotChange));
}

/** Asked side by side, the judge's second snapshot may be met before its first. */
function oneByOne(): string {
  const file = join(faults.system.state.root, 'providers.yaml');
  writeFileSync(file, JSON.stringify({ providers: [{ baseUrl: provider.baseUrl, callsAtOnce: 1 }] }));
  return file;
}

const judgedWith = (onSnapshotChange: string) => (spec: Spec) =>
  void (spec['models'].judge.onSnapshotChange = onSnapshotChange);

/** By which snapshots the episodes of a finished campaign were rated, each so many. */
async function judgesOf(campaign: Campaign): Promise<Record<string, number>> {
  const { stages } = await campaign.result();
  const indexes = stages.flatMap(({ outputs: { episodes } }) => (episodes ? [episodes] : []));
  const rows = await Promise.all(
    indexes.map(({ digest }) => faults.store.getJsonLines(digest.sha256, CollectedEpisode)),
  );
  const ratings = await Promise.all(rows.flat().map(({ rating }) => faults.store.getJson(rating, Rating)));
  const counts: Record<string, number> = {};
  for (const { call } of ratings) counts[call?.snapshot ?? ''] = (counts[call?.snapshot ?? ''] ?? 0) + 1;
  return counts;
}

const changesIn = async (campaign: Campaign): Promise<SnapshotChange[]> =>
  (await readLog(faults.store, campaign.id)).flatMap(({ entry: { event } }) =>
    event.kind === 'snapshot-changed' ? [event.change] : [],
  );

/** Snapshots of the judge that the campaign's manifests name. */
async function snapshotsInManifests(campaign: Campaign): Promise<Set<string>> {
  const entries = await readLog(faults.store, campaign.id);
  const digests = entries.flatMap(({ entry: { event } }) =>
    event.kind === 'stage-finished' ? [event.manifest] : [],
  );
  const Envelope = z.looseObject({ payload: z.string() });
  const envelopes = await Promise.all(digests.map((digest) => faults.store.getJson(digest, Envelope)));
  const manifests = envelopes.map(({ payload }) => Buffer.from(payload, 'base64').toString('utf8'));
  return new Set(manifests.flatMap((manifest) => manifest.match(/judge-(may|june)/g) ?? []));
}

test('a judge that changes stops the campaign: it says which, since when and what to do, and uses none of the new answers', async () => {
  const campaign = await start('stopped', 'stop', 0);
  const stage = await Promise.any([
    untilParked(campaign, 'BC/collect'),
    untilParked(campaign, 'evaluate/expert'),
  ]);
  expect(stage.type).toBe('MODEL_SNAPSHOT_CHANGED');
  expect(stage.message).toMatch(
    /model "scripted-judge" at \$\{PROVIDER_URL\} answers as "judge-june" since 20.*and as "judge-may" before.*onSnapshotChange: accept.*`pi-loop amend`/,
  );

  await campaign.amend(await faults.plan('stopped', judgedWith('accept')), TESTER);
  expect(await judgesOf(campaign)).toEqual({ [MAY]: RATED_IN_MAY, [JUNE]: 16 - RATED_IN_MAY });
  expect(await changesIn(campaign)).toContainEqual(
    expect.objectContaining({ model: JUDGE, from: MAY, name: JUNE, standing: 'accepted' }),
  );
});

test('a change that is accepted is recorded, and stops nothing', async () => {
  const campaign = await start('accepted', 'accept', 3);
  expect(await judgesOf(campaign)).toEqual({ [MAY]: RATED_IN_MAY, [JUNE]: 16 - RATED_IN_MAY });
  expect(await changesIn(campaign)).toEqual([
    expect.objectContaining({ model: JUDGE, from: MAY, name: JUNE, standing: 'accepted' }),
  ]);
  expect(await snapshotsInManifests(campaign)).toEqual(new Set([MAY, JUNE]));
});

describe('a judge that is to be bridged rates episodes again', () => {
  test('and the campaign goes on by itself where it rates as before', async () => {
    const campaign = await start('bridged', 'bridge', 0);
    await campaign.result();
    const [change] = (await changesIn(campaign)).filter(({ standing }) => standing === 'bridged');
    expect(change).toMatchObject({ name: JUNE, shift: { goal: { mean: 0, low: 0, high: 0 } } });
    expect(change?.shift?.episodes).toBeGreaterThanOrEqual(10);
  });

  test('and stays parked, with the shift, where it rates otherwise', async () => {
    const campaign = await start('shifted', 'bridge', 3);
    const parking = await untilShifted(campaign);
    expect(parking).toMatch(/1[0-3] episodes rated again: goal −3\.00 \(95 %: −3\.00 to −3\.00\)/);
    await campaign.amend(await faults.plan('shifted', judgedWith('accept')), TESTER);
    expect(await judgesOf(campaign)).toEqual({ [MAY]: RATED_IN_MAY, [JUNE]: 16 - RATED_IN_MAY });
  });
});

/** The reason of a parked stage once its judge was compared. */
async function untilShifted(campaign: Campaign): Promise<string> {
  let reason: string | undefined;
  await until(
    'the judge is compared',
    async () => {
      const { progress } = await campaign.status();
      const reasons = progress?.stages.map(({ parking }) => parking?.message ?? '') ?? [];
      reason = reasons.find((message) => message.includes('rated again: goal'));
      return reason !== undefined;
    },
    90,
  );
  return reason ?? '';
}
