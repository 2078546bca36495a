import { setTimeout as delay } from 'node:timers/promises';
import {
  ApplicationFailure,
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { SteeringRecord, SteeringRequest } from '../schemas/steering';
import { STEERING_REFUSED } from '../workflows/messages';
import { CampaignError, noSuchCampaign } from './campaignError';
import { type CampaignHandle, campaignOf } from './campaignHandle';
import { isPassing } from './passingErrors';

export interface Patience {
  /** Milliseconds for one answer. Default 10,000: workers answer within milliseconds, a restarted one within seconds. */
  answerMs: number;
  /** Milliseconds until it is given up. Default 60,000: a restart of Temporal or of all workers is waited out. */
  totalMs: number;
  /** Milliseconds between two tries. Default 500. */
  pauseMs: number;
}

const PATIENCE: Patience = { answerMs: 10_000, totalMs: 60_000, pauseMs: 500 };

/**
 * Asks a campaign to do something, until it answers. Each try has the same request id, so that it is done once.
 * Errors: CampaignError REFUSED, ENDED, NOT_FOUND, UNREACHABLE.
 */
export async function steer<R extends SteeringRequest>(
  client: Pick<Client, 'withDeadline'>,
  handle: CampaignHandle,
  update: UpdateDefinition<SteeringRecord, [R]>,
  request: R,
  patience: Patience = PATIENCE,
): Promise<SteeringRecord> {
  const giveUpAt = Date.now() + patience.totalMs;
  for (;;) {
    try {
      return await client.withDeadline(Date.now() + patience.answerMs, () =>
        handle.executeUpdate(update, { args: [request], updateId: request.request }),
      );
    } catch (error) {
      if (isRefusal(error)) throw new CampaignError('REFUSED', error.cause.message, { cause: error });
      if (error instanceof WorkflowNotFoundError) await assertRunning(handle, error);
      else if (!isPassing(error)) throw error;
      if (Date.now() >= giveUpAt) throw unreachable(handle, error);
    }
    await delay(patience.pauseMs);
  }
}

const isRefusal = (error: unknown): error is WorkflowUpdateFailedError & { cause: ApplicationFailure } =>
  error instanceof WorkflowUpdateFailedError &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === STEERING_REFUSED;

/** Between two runs of a campaign there is none for a moment. */
async function assertRunning(handle: CampaignHandle, notFound: Error): Promise<void> {
  const state = await stateOf(handle);
  const campaign = campaignOf(handle.workflowId);
  if (state === null) throw noSuchCampaign(campaign, notFound);
  if (STILL_THERE.has(state)) return;
  throw new CampaignError(
    'ENDED',
    `Campaign "${campaign}" is ${state.toLowerCase()}: nothing can be asked of it any more. \`pi-loop start\` goes on from what it made.`,
  );
}

const UNKNOWN = 'UNKNOWN';
const STILL_THERE = new Set(['RUNNING', 'CONTINUED_AS_NEW', UNKNOWN]);

/** Null when there is no such workflow. */
async function stateOf(handle: CampaignHandle): Promise<string | null> {
  try {
    return (await handle.describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    if (isPassing(error)) return UNKNOWN;
    throw error;
  }
}

const unreachable = ({ workflowId }: CampaignHandle, cause: unknown): CampaignError =>
  new CampaignError(
    'UNREACHABLE',
    `Campaign "${campaignOf(workflowId)}" does not answer. Its workers or Temporal are away: start them (\`pi-loop up\` runs all). What was asked may still be done; \`pi-loop status ${campaignOf(workflowId)}\` will show it.`,
    { cause },
  );
