import { ApplicationFailure, executeChild, ParentClosePolicy, workflowInfo } from '@temporalio/workflow';
import type { PlannedCollection } from '../activities/collections';
import type { ArtifactRef } from '../schemas/artifact';
import type { StageCost } from '../schemas/plan';
import { general } from './activityProxies';
import { episodeShard } from './episodeShard';
import { slidingWindow } from './slidingWindow';

/** Episodes of a shard: some 400 events of history, and an index far below the payload limit. */
const SHARD_SIZE = 50;

export interface Collected {
  episodes: ArtifactRef;
  played: number;
  unrated: number;
  cost: StageCost;
}

interface CollectionOptions {
  stage: string;
  /** Tells shards of several collections of one stage apart. */
  label: string;
  /** Episodes played at once. */
  inFlight: number;
  onProgress: (finished: number) => void;
}

/** Plays and rates all episodes of a design in shards, several at once, and gathers their index. */
export async function collectEpisodes(
  collection: PlannedCollection,
  options: CollectionOptions,
): Promise<Collected> {
  const { design, play, episodes, unratedLimit } = collection;
  const { workflowId } = workflowInfo();
  const shards = Math.ceil(episodes / SHARD_SIZE);
  const atOnce = Math.max(1, Math.min(shards, Math.ceil(options.inFlight / (SHARD_SIZE / 2))));
  const cost: StageCost = { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 0 };
  let unrated = 0;

  const indexes = await slidingWindow(0, shards, atOnce, async (shard) => {
    const from = shard * SHARD_SIZE;
    const to = Math.min(episodes, from + SHARD_SIZE);
    const finished = await executeChild(episodeShard, {
      workflowId: `${workflowId}/${options.stage}${options.label}/episodes-${from}`,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      args: [{ design, play, from, to, inFlight: Math.ceil(options.inFlight / atOnce) }],
    });
    cost.calls += finished.cost.calls;
    cost.inputTokens += finished.cost.inputTokens;
    cost.outputTokens += finished.cost.outputTokens;
    unrated += finished.unrated;
    if (unrated > unratedLimit) throw tooManyUnrated(options.stage, unrated, episodes, unratedLimit);
    options.onProgress(to - from);
    return finished.index;
  });
  return { episodes: await general.gatherEpisodes({ shards: indexes }), played: episodes, unrated, cost };
}

const tooManyUnrated = (stage: string, unrated: number, episodes: number, limit: number) =>
  ApplicationFailure.nonRetryable(
    `Stage ${stage}: ${unrated} episodes could not be rated, more than the ${limit} of ${episodes} that limits.unratedShare allows. ` +
      'Look at the judge’s answers in the ratings, correct the judge or raise the limit, and start again: conversations that were played are kept.',
    'TOO_MANY_UNRATED',
  );
