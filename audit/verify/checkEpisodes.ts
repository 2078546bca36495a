import { resultKey } from '../../artifacts/documentKeys';
import { blobKey } from '../../artifacts/artifactStore';
import type { Bucket } from '../../artifacts/bucket';
import { readBatches } from './batches';
import { checkDesigned } from './checkDesigned';
import { addTokens, type RecordedCalls } from './checkRow';
import { type Collection, collectionsOf } from './collections';
import { examineAll, type Examiner } from './examiner';
import type { Findings } from './findings';
import { type LoadedCampaign } from './loadCampaign';
import { portioned, type RowPortion } from './portion';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

export interface EpisodeReading {
  blobs: VerifiedBlobs;
  examiner: Examiner;
  findings: Findings;
}

export interface CheckedEpisodes {
  collections: Collection[];
  /** By stage key; NaN where an episode could not be read. */
  recorded: ReadonlyMap<string, RecordedCalls>;
}

/**
 * Each episode that was to be played is there once, played by whom it was to be, and each row of an index says what its
 * episode and its rating say; batches and stages state the calls that these record.
 */
export async function checkEpisodes(
  bucket: Bucket,
  campaigns: readonly LoadedCampaign[],
  reading: EpisodeReading,
): Promise<CheckedEpisodes> {
  const { blobs, findings } = reading;
  const batches = await readBatches(bucket, findings);
  const checked: Collection[] = [];
  const recorded = new Map<string, RecordedCalls>();
  const stages = new Map(campaigns.flatMap((campaign) => campaign.stages.map((stage) => [stage.key, stage])));
  for (const stage of stages.values()) {
    const object = resultKey(stage.key);
    await whereReadable(object, findings, async () => {
      const collections = await collectionsOf(stage, { blobs, findings, batches });
      const calls: RecordedCalls[] = [];
      for (const collection of collections) calls.push(await checkCollection(collection, reading));
      if (collections.length === 0) return;
      checked.push(...collections);
      const sum = add(calls);
      recorded.set(stage.key, sum);
      if (sum.all !== stage.result.cost.calls && !Number.isNaN(sum.all))
        findings.fail(
          object,
          `Stage ${stage.id} states ${stage.result.cost.calls} calls; its episodes and ratings record ${sum.all}.`,
        );
    });
  }
  return { collections: checked, recorded };
}

async function checkCollection(
  collection: Collection,
  { blobs, examiner, findings }: EpisodeReading,
): Promise<RecordedCalls> {
  checkDesigned(collection, findings);
  const { object, rows } = collection;
  findings.looked(rows.length);
  for (const row of rows)
    for (const digest of [row.episode, row.rating]) findings.isUsed(blobKey(digest), object);
  const reports = await examineAll(examiner, portionsOf(collection), (report) => blobs.add(report));
  for (const failure of reports.flatMap(({ failures }) => failures))
    findings.fail(failure.object, failure.message);
  const calls = reports.flatMap(({ recorded }) => recorded);
  for (const { object: batch, from, to, finished } of collection.batches) {
    const { all } = add(calls.slice(from, to));
    if (all !== finished.cost.calls && !Number.isNaN(all))
      findings.fail(batch, `It states ${finished.cost.calls} calls; its episodes and ratings record ${all}.`);
  }
  return add(calls);
}

function portionsOf({ object, rows, design }: Collection): RowPortion[] {
  const { players, episodes } = design;
  return portioned(rows).map((some) => ({
    kind: 'rows',
    object,
    players,
    rows: some,
    planned: some.map(({ number }) => episodes[number]),
  }));
}

const add = (parts: readonly RecordedCalls[]): RecordedCalls => ({
  all: parts.reduce((sum, part) => sum + part.all, 0),
  provider: parts.reduce((sum, part) => sum + part.provider, 0),
  tokens: addTokens(parts.map(({ tokens }) => tokens)),
});
