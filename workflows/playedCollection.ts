import { ActivityFailure, CancellationScope, TimeoutFailure } from '@temporalio/workflow';
import { type Batch, EPISODES_AT_ONCE } from '../domain/plan/batches';
import type { PlayEpisodesInput } from '../activities/episodes';
import { general } from './activityProxies';

/** Episodes that are played batch after batch. */
export interface PlayedCollection {
  campaign: string;
  /** Digest of the campaign's plan. Collections of 0.3.0 have none. */
  plan?: string;
  stage: string;
  /** Digests of the design, with and without its judge. */
  design: string;
  play: string;
  episodes: number;
  /** Calls of models that the campaign may make; null: no limit. */
  modelCalls: number | null;
  /** Episodes played or rated at once. */
  inFlight: number;
}

/** Batches of one run: some 3,000 events of history. What a run leaves running is little beside it. */
export const BATCHES_A_RUN = 500;

export const batchesAtOnce = ({ inFlight }: PlayedCollection): number =>
  Math.ceil(inFlight / EPISODES_AT_ONCE);

/** On whose account models are asked. */
export const accountOf = ({ campaign, plan, stage, modelCalls }: Account) => ({
  campaign,
  ...(plan !== undefined && { plan }),
  stage,
  modelCalls,
});

type Account = Pick<PlayedCollection, 'campaign' | 'plan' | 'stage' | 'modelCalls'>;

export function batchInput(collection: PlayedCollection, batch: Batch): PlayEpisodesInput {
  const { design, play, inFlight } = collection;
  const lanes = Math.max(1, Math.floor(inFlight / batchesAtOnce(collection)));
  return { ...accountOf(collection), design, play, ...batch, inFlight: lanes };
}

/**
 * Temporal tries a batch again whose worker died, unless the batch was to stop by then: what it had told is then kept
 * for the next time.
 */
export async function untilKept<R>(
  activity: (batch: PlayEpisodesInput) => Promise<R>,
  batch: PlayEpisodesInput,
): Promise<R> {
  try {
    return await activity(batch);
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
