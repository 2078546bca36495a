import { continueAsNew, setHandler } from '@temporalio/workflow';
import { type Batch, batchesOf, ratedTogether } from '../domain/plan/batches';
import { uniteModels } from '../domain/plan/answeringModels';
import { sumCosts } from '../domain/plan/cost';
import type { ArtifactRef } from '../schemas/artifact';
import type { FinishedBatch, UnratedEpisodes } from '../schemas/batch';
import type { AnsweringModel } from '../schemas/modelCall';
import type { StageCost } from '../schemas/plan';
import type { Batching } from '../schemas/model';
import { general, playEpisodes, rateEpisodes } from './activityProxies';
import { collectionProgress } from './messages';
import {
  accountOf,
  BATCHES_A_RUN,
  batchesAtOnce,
  batchInput,
  type PlayedCollection,
  untilKept,
} from './playedCollection';
import { slidingWindow } from './slidingWindow';
import { addUnrated, NONE_UNRATED, tooManyUnrated } from './unrated';

export interface EpisodeCollectionInput extends PlayedCollection {
  /** More unrated episodes than this fail the collection. */
  unratedLimit: number;
  /** How the judge is asked by batches: all was played before. None: it is asked as soon as an episode ends. */
  batching?: Batching;
  /** What the runs before this one have done. */
  done?: Done;
}

interface Done {
  /** Batches, or groups of them that are rated together. */
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

/** Activities that wait for a provider's batches: each holds a slot of a worker. */
const RATINGS_AT_ONCE = 16;
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
  const { episodes, batching } = input;
  const groups = batching ? ratedTogether(episodes) : batchesOf(episodes).map((batch) => [batch]);
  const done = { ...(input.done ?? NOTHING_DONE) };
  const progress = { finished: groups[done.batches]?.[0]?.from ?? episodes, planned: episodes };
  setHandler(collectionProgress, () => progress);

  const atOnce = batching ? RATINGS_AT_ONCE : batchesAtOnce(input);
  const until = Math.min(groups.length, done.batches + BATCHES_A_RUN);
  const finished = await slidingWindow(done.batches, until, atOnce, async (number) => {
    const group = groups[number] as Batch[];
    const some = await (batching ? rate(input, group, batching) : playAndRate(input, group));
    for (const { unrated } of some) done.unrated = addUnrated(done.unrated, unrated);
    if (done.unrated.count > input.unratedLimit) throw tooManyUnrated(input, done.unrated);
    for (const { from, to } of group) progress.finished += to - from;
    return some;
  });
  const ended = finished.flat();
  done.batches = until;
  done.cost = sumCosts([done.cost, ...ended.map(({ cost }) => cost)]);
  done.models = uniteModels([done.models ?? [], ...ended.map(({ models }) => models ?? [])]);
  done.indexes = await gather([...done.indexes, ...ended.map(({ index }) => index)]);
  if (until < groups.length) return continueAsNew<typeof episodeCollection>({ ...input, done });
  return {
    episodes: await single(done.indexes),
    played: episodes,
    unrated: done.unrated,
    cost: done.cost,
    models: done.models,
  };
}

async function playAndRate(
  input: EpisodeCollectionInput,
  batches: readonly Batch[],
): Promise<FinishedBatch[]> {
  return Promise.all(batches.map((batch) => untilKept(playEpisodes, batchInput(input, batch))));
}

function rate(
  { design, play, ...input }: EpisodeCollectionInput,
  batches: Batch[],
  batching: Batching,
): Promise<FinishedBatch[]> {
  return rateEpisodes({ ...accountOf(input), design, play, batches, batching });
}

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
