import type { ArtifactStore } from '../../artifacts/artifactStore';
import { inParallel } from '../../domain/inParallel';
import { FinishedBatch } from '../../schemas/batch';
import { CollectedEpisode, Episode } from '../../schemas/episode';
import type { ModelCall } from '../../schemas/modelCall';
import { Rating } from '../../schemas/rating';
import { READS_AT_ONCE, type StoredStage } from './storedStages';

export interface RecordedCalls {
  /** Calls to providers, not to policies of our own, that are kept with what they gave. */
  provider: number;
  problems: string[];
}

/** Counts the calls that episodes, ratings and task sets record, and holds them against the stages' costs. */
export async function recordedCalls(
  store: ArtifactStore,
  stages: readonly StoredStage[],
): Promise<RecordedCalls> {
  const keys = await store.list('batches/finished/');
  const batches = await inParallel(keys, READS_AT_ONCE, (key) => callsOfBatch(store, key));
  const authored = stages
    .filter(({ kind }) => kind === 'prepareTasks')
    .map(({ result }) => ({ provider: result.cost.calls, problems: [] }));
  const all = [...batches, ...authored];
  return {
    provider: all.reduce((sum, { provider }) => sum + provider, 0),
    problems: all.flatMap(({ problems }) => problems),
  };
}

async function callsOfBatch(store: ArtifactStore, key: string): Promise<RecordedCalls> {
  const batch = await store.getDocument(key, FinishedBatch);
  if (!batch) return { provider: 0, problems: [`${key} has gone`] };
  const rows = await store.getJsonLines(batch.index.digest.sha256, CollectedEpisode);
  const calls = (await Promise.all(rows.map((row) => callsOfEpisode(store, row)))).flat();
  const made = count(calls);
  const stated = batch.cost.calls;
  return {
    provider: count(calls.filter(({ servedDigest }) => servedDigest === undefined)),
    problems:
      made === stated ? [] : [`${key} states ${stated} calls; its episodes and ratings record ${made}`],
  };
}

async function callsOfEpisode(store: ArtifactStore, row: CollectedEpisode): Promise<ModelCall[]> {
  const { turns, unreadCall } = await store.getJson(row.episode, Episode);
  const { call } = await store.getJson(row.rating, Rating);
  return [...turns.map((turn) => turn.call), unreadCall, call].filter((one) => one !== undefined);
}

const count = (calls: readonly ModelCall[]): number => calls.reduce((sum, { calls: made }) => sum + made, 0);
