import { ApplicationFailure, executeChild, ParentClosePolicy, workflowInfo } from '@temporalio/workflow';
import type { PlannedCollection, UnratedEpisodes } from '../activities/collections';
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
  /** Of the unrated ones: conversations that ended because an answer stayed unreadable. */
  unparsable: number;
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
  const unrated: UnratedEpisodes = { count: 0, reasons: {}, example: null };

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
    add(unrated, finished.unrated);
    if (unrated.count > unratedLimit) throw tooManyUnrated(options.stage, unrated, episodes, unratedLimit);
    options.onProgress(to - from);
    return finished.index;
  });
  return {
    episodes: await gather(indexes),
    played: episodes,
    unrated: unrated.count,
    unparsable: unrated.reasons['unparsable-episode'] ?? 0,
    cost,
  };
}

function add(sum: UnratedEpisodes, { count, reasons, example }: UnratedEpisodes): void {
  sum.count += count;
  for (const reason of REASONS) sum.reasons[reason] = (sum.reasons[reason] ?? 0) + (reasons[reason] ?? 0);
  sum.example ??= example;
}

/** What each reason means. */
const MEANING = {
  'unparsable-episode': 'because an answer of a model that talks could not be read',
  'unreadable-answer': 'because the judge’s answer could not be read',
  refusal: 'because the judge refused',
} as const satisfies Record<keyof UnratedEpisodes['reasons'], string>;
const REASONS = Object.keys(MEANING) as (keyof typeof MEANING)[];

/** References to indexes in one payload; each takes some 300 bytes. */
const GATHERED_AT_ONCE = 100;

/** One index of many, by way of indexes of a hundred each where there are more. */
async function gather(indexes: ArtifactRef[]): Promise<ArtifactRef> {
  if (indexes.length <= GATHERED_AT_ONCE) return general.gatherEpisodes({ shards: indexes });
  const groups = Math.ceil(indexes.length / GATHERED_AT_ONCE);
  return gather(
    await slidingWindow(0, groups, groups, (group) =>
      general.gatherEpisodes({
        shards: indexes.slice(group * GATHERED_AT_ONCE, (group + 1) * GATHERED_AT_ONCE),
      }),
    ),
  );
}

function tooManyUnrated(
  stage: string,
  { count, reasons, example }: UnratedEpisodes,
  episodes: number,
  limit: number,
) {
  const why = REASONS.filter((reason) => reasons[reason]).map(
    (reason) => `${reasons[reason]} ${MEANING[reason]}`,
  );
  return ApplicationFailure.nonRetryable(
    `Stage ${stage}: ${count} episodes could not be rated, more than the ${limit} of ${episodes} that limits.unratedShare allows: ` +
      `${why.join(', ')}. One such answer: ${example}. Correct the model or its template, or raise the limit, and start again: ` +
      'finished conversations are not played again for another judge.',
    'TOO_MANY_UNRATED',
  );
}
