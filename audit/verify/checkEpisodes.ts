import { resultKey } from '../../artifacts/documentKeys';
import { blobKey } from '../../artifacts/artifactStore';
import type { Bucket } from '../../artifacts/bucket';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { inParallel } from '../../domain/inParallel';
import { type CollectedEpisode, Episode } from '../../schemas/episode';
import type { ModelCall } from '../../schemas/modelCall';
import { Rating } from '../../schemas/rating';
import { readBatches } from './batches';
import { checkDesigned, checkPlayers } from './checkDesigned';
import { type Collection, collectionsOf } from './collections';
import type { Findings } from './findings';
import { type LoadedCampaign } from './loadCampaign';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

const READS_AT_ONCE = 32;

/** Calls that episodes and ratings record. */
export interface RecordedCalls {
  all: number;
  /** Those that no policy of our own answered: what a limit is about. */
  provider: number;
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
  blobs: VerifiedBlobs,
  findings: Findings,
): Promise<CheckedEpisodes> {
  const batches = await readBatches(bucket, findings);
  const checked: Collection[] = [];
  const recorded = new Map<string, RecordedCalls>();
  const stages = new Map(campaigns.flatMap((campaign) => campaign.stages.map((stage) => [stage.key, stage])));
  for (const stage of stages.values()) {
    const object = resultKey(stage.key);
    await whereReadable(object, findings, async () => {
      const collections = await collectionsOf(stage, { blobs, findings, batches });
      const calls: RecordedCalls[] = [];
      for (const collection of collections) calls.push(await checkCollection(collection, blobs, findings));
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
  blobs: VerifiedBlobs,
  findings: Findings,
): Promise<RecordedCalls> {
  checkDesigned(collection, findings);
  const calls = await inParallel(collection.rows, READS_AT_ONCE, async (row) => {
    let recorded: RecordedCalls = { all: Number.NaN, provider: Number.NaN };
    await whereReadable(collection.object, findings, async () => {
      recorded = await checkRow(collection, row, blobs, findings);
    });
    return recorded;
  });
  for (const { object, from, to, finished } of collection.batches) {
    const { all } = add(calls.slice(from, to));
    if (all !== finished.cost.calls && !Number.isNaN(all))
      findings.fail(
        object,
        `It states ${finished.cost.calls} calls; its episodes and ratings record ${all}.`,
      );
  }
  return add(calls);
}

async function checkRow(
  collection: Collection,
  row: CollectedEpisode,
  blobs: VerifiedBlobs,
  findings: Findings,
): Promise<RecordedCalls> {
  findings.looked();
  for (const digest of [row.episode, row.rating]) findings.isUsed(blobKey(digest), collection.object);
  const [episode, rating] = [await blobs.json(row.episode, Episode), await blobs.json(row.rating, Rating)];
  const wrong = (what: string) =>
    findings.fail(collection.object, `Row ${row.number} (episode ${row.id}) ${what}.`);
  if (episode.id !== row.id || episode.task !== row.task)
    wrong(`names blob ${row.episode}, which is of another episode`);
  if (episode.turns.length !== row.turns || episode.ending !== row.ending)
    wrong('tells another course than its episode');
  if (rating.episode !== row.id) wrong(`names rating ${row.rating}, which is of episode ${rating.episode}`);
  const scores = rating.kind === 'rated' ? rating.scores : null;
  if (canonicalJson(scores) !== canonicalJson(row.scores))
    wrong(`has other scores than its rating ${row.rating}`);
  checkPlayers(collection, row, episode, findings);
  const calls = [...episode.turns.map(({ call }) => call), episode.unreadCall, rating.call].flatMap(
    (call) => call ?? [],
  );
  return { all: count(calls), provider: count(calls.filter((call) => call.servedDigest === undefined)) };
}

const count = (calls: readonly ModelCall[]): number => calls.reduce((sum, { calls: made }) => sum + made, 0);

const add = (parts: readonly RecordedCalls[]): RecordedCalls => ({
  all: parts.reduce((sum, part) => sum + part.all, 0),
  provider: parts.reduce((sum, part) => sum + part.provider, 0),
});
