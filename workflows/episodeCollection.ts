import {
  ActivityFailure,
  CancellationScope,
  continueAsNew,
  setHandler,
  TimeoutFailure,
} from '@temporalio/workflow';
import { type Batch, batchesOf, EPISODES_AT_ONCE } from '../domain/plan/batches';
import { uniteModels } from '../domain/plan/answeringModels';
import { sumCosts } from '../domain/plan/cost';
import type { ArtifactRef } from '../schemas/artifact';
import type { FinishedBatch, UnratedEpisodes } from '../schemas/batch';
import type { AnsweringModel } from '../schemas/modelCall';
import type { StageCost } from '../schemas/plan';
import type { PlayEpisodesInput } from '../activities/episodes';
import { general, playEpisodes } from './activityProxies';
import { collectionProgress } from './messages';
import { slidingWindow } from './slidingWindow';
import { addUnrated, NONE_UNRATED, tooManyUnrated } from './unrated';

export interface EpisodeCollectionInput {
  campaign: string;
  /** Digest of the campaign's plan. Collections of 0.3.0 have none. */
  plan?: string;
  stage: string;
  /** Digests of the design, with and without its judge. */
  design: string;
  play: string;
  episodes: number;
  /** More unrated episodes than this fail the collection. */
  unratedLimit: number;
  /** Calls of models that the campaign may make; null: no limit. */
  modelCalls: number | null;
  /** Episodes played or rated at once. */
  inFlight: number;
  /** What the runs before this one have done. */
  done?: Done;
}

interface Done {
  batches: number;
  indexes: ArtifactRef[];
  unrated: UnratedEpisodes;
  cost: StageCost;
  models?: AnsweringModel[];
}

export interface Collected {
  episodes: ArtifactRef;
  played: number;
  unrated: UnratedEpisodes;
  cost: StageCost;
  /** Collections of 0.2.0 have none. */
  models?: AnsweringModel[];
}

/** Batches of one run: some 3,000 events of history. What a run leaves running is little beside it. */
const BATCHES_A_RUN = 500;
/** References to indexes in one payload; each takes some 300 bytes. */
const GATHERED_AT_ONCE = 100;

const NOTHING_DONE: Done = {
  batches: 0,
  indexes: [],
  unrated: NONE_UNRATED,
  cost: { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 0 },
};

/**
 * Plays and rates all episodes of a design, batch after batch in a sliding window, and gathers their index. What was
 * finished before is not played again. Errors: TOO_MANY_UNRATED; those of `playEpisodes`.
 */
export async function episodeCollection(input: EpisodeCollectionInput): Promise<Collected> {
  const { episodes, inFlight } = input;
  const batches = batchesOf(episodes);
  const done = { ...(input.done ?? NOTHING_DONE) };
  const started = batches[done.batches]?.from ?? episodes;
  const progress = { finished: started, planned: episodes };
  setHandler(collectionProgress, () => progress);

  const atOnce = Math.ceil(inFlight / EPISODES_AT_ONCE);
  const lanes = Math.max(1, Math.floor(inFlight / atOnce));
  const until = Math.min(batches.length, done.batches + BATCHES_A_RUN);
  const finished = await slidingWindow(
    done.batches,
    until,
    atOnce,
    async (number): Promise<FinishedBatch> => {
      const batch = batches[number] as Batch;
      const { campaign, plan, stage, modelCalls, design, play } = input;
      const account = { campaign, ...(plan !== undefined && { plan }), stage, modelCalls };
      const one = await playBatch({ ...account, design, play, ...batch, inFlight: lanes });
      done.unrated = addUnrated(done.unrated, one.unrated);
      if (done.unrated.count > input.unratedLimit) throw tooManyUnrated(input, done.unrated);
      progress.finished += batch.to - batch.from;
      return one;
    },
  );
  done.batches = until;
  done.cost = sumCosts([done.cost, ...finished.map(({ cost }) => cost)]);
  done.models = uniteModels([done.models ?? [], ...finished.map(({ models }) => models ?? [])]);
  done.indexes = await gather([...done.indexes, ...finished.map(({ index }) => index)]);
  if (until < batches.length) return continueAsNew<typeof episodeCollection>({ ...input, done });
  return {
    episodes: await single(done.indexes),
    played: episodes,
    unrated: done.unrated,
    cost: done.cost,
    models: done.models,
  };
}

/**
 * Temporal tries a batch again whose worker died, unless the batch was to stop by then: what it had told is then kept
 * for the next time.
 */
async function playBatch(batch: PlayEpisodesInput): Promise<FinishedBatch> {
  try {
    return await playEpisodes(batch);
  } catch (error) {
    const { design, play, from, to } = batch;
    const told = lastTold(error);
    if (told !== undefined)
      await CancellationScope.nonCancellable(() => general.keepTold({ design, play, from, to, told }));
    throw error;
  }
}

const lastTold = (error: unknown): unknown =>
  error instanceof ActivityFailure && error.cause instanceof TimeoutFailure
    ? error.cause.lastHeartbeatDetails
    : undefined;

/** A hundredth of the indexes, each of a hundred others in their order; a few are left as they are. */
async function gather(indexes: ArtifactRef[]): Promise<ArtifactRef[]> {
  if (indexes.length <= GATHERED_AT_ONCE) return indexes;
  const groups = Math.ceil(indexes.length / GATHERED_AT_ONCE);
  return slidingWindow(0, groups, groups, (group) =>
    general.gatherEpisodes({
      indexes: indexes.slice(group * GATHERED_AT_ONCE, (group + 1) * GATHERED_AT_ONCE),
    }),
  );
}

const single = async (indexes: ArtifactRef[]): Promise<ArtifactRef> =>
  general.gatherEpisodes({ indexes: await gather(indexes) });
