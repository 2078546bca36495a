import { resultKey } from '../../artifacts/documentKeys';
import { blobKey } from '../../artifacts/blobKey';
import type { Bucket } from '../../artifacts/bucket';
import { portioned } from '../portioned';
import { type Batch, readBatches } from './batches';
import { checkDesigned } from './checkDesigned';
import { addTokens, type RecordedCalls } from './checkRow';
import { type Collection, collectionsOf } from './collections';
import { examineAll, type Examiner } from './examiner';
import type { Findings } from './findings';
import type { LoadedCampaign, LoadedStage } from './loadCampaign';
import type { RowPortion } from './portion';
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
  const played: { stage: LoadedStage; collections: Collection[] }[] = [];
  const recorded = new Map<string, RecordedCalls>();
  const stages = new Map(campaigns.flatMap((campaign) => campaign.stages.map((stage) => [stage.key, stage])));
  for (const stage of stages.values()) {
    await whereReadable(resultKey(stage.key), findings, async () => {
      const collections = await collectionsOf(stage, { blobs, findings, batches });
      for (const collection of collections) checkDesigned(collection, findings);
      if (collections.length > 0) played.push({ stage, collections });
    });
  }
  const all = played.flatMap(({ collections }) => collections);
  const calls = await callsOfRows(all, reading);
  let from = 0;
  for (const { stage, collections } of played) {
    const before = from;
    for (const { rows, batches: own } of collections) {
      checkBatches(own, calls.slice(from, from + rows.length), findings);
      from += rows.length;
    }
    const sum = add(calls.slice(before, from));
    recorded.set(stage.key, sum);
    if (sum.all !== stage.result.cost.calls && !Number.isNaN(sum.all))
      findings.fail(
        resultKey(stage.key),
        `Stage ${stage.id} states ${stage.result.cost.calls} calls; its episodes and ratings record ${sum.all}.`,
      );
  }
  return { collections: all, recorded };
}

/** Checks the rows of all stages together, so that nobody waits for the last portion of each. @returns by row */
async function callsOfRows(
  collections: readonly Collection[],
  { blobs, examiner, findings }: EpisodeReading,
): Promise<RecordedCalls[]> {
  for (const { object, rows } of collections) {
    findings.looked(rows.length);
    for (const row of rows)
      for (const digest of [row.episode, row.rating]) findings.isUsed(blobKey(digest), object);
  }
  const reports = await examineAll(examiner, collections.flatMap(portionsOf), (report) => blobs.add(report));
  for (const failure of reports.flatMap(({ failures }) => failures))
    findings.fail(failure.object, failure.message);
  return reports.flatMap(({ recorded }) => recorded);
}

/** @param calls by row */
function checkBatches(batches: readonly Batch[], calls: readonly RecordedCalls[], findings: Findings): void {
  for (const { object, from, to, finished } of batches) {
    const { all } = add(calls.slice(from, to));
    if (all !== finished.cost.calls && !Number.isNaN(all))
      findings.fail(
        object,
        `It states ${finished.cost.calls} calls; its episodes and ratings record ${all}.`,
      );
  }
}

function portionsOf({ object, rows, design }: Collection): RowPortion[] {
  const { players, episodes } = design;
  return portioned(rows).map(({ items }) => ({
    kind: 'rows',
    object,
    players,
    rows: items,
    planned: items.map(({ number }) => episodes[number]),
  }));
}

const add = (parts: readonly RecordedCalls[]): RecordedCalls => ({
  all: parts.reduce((sum, part) => sum + part.all, 0),
  provider: parts.reduce((sum, part) => sum + part.provider, 0),
  tokens: addTokens(parts.flatMap(({ tokens }) => [...tokens])),
});
