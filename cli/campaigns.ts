import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { campaignWorkflowId, TASK_QUEUES } from '../schemas/names';
import type { CampaignProgress, CampaignResult, TrainingCampaignInput } from '../workflows/messages';
import { CommandError } from './commandError';

/** The workflow by name: a client needs no workflow code. */
type TrainingCampaign = (input: TrainingCampaignInput) => Promise<CampaignResult>;
export type CampaignHandle = WorkflowHandle<TrainingCampaign>;

const PREFIX = campaignWorkflowId('');

/**
 * Starts a campaign, or joins the one that runs under the same id. Errors: CommandError when that one has another plan.
 */
export async function startCampaign(
  client: Client,
  input: TrainingCampaignInput,
): Promise<{ handle: CampaignHandle; joined: boolean }> {
  const workflowId = campaignWorkflowId(input.campaign);
  try {
    const handle = await client.workflow.start<TrainingCampaign>('trainingCampaign', {
      workflowId,
      taskQueue: TASK_QUEUES.orchestration,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `Sotopia-π training campaign ${input.campaign}`,
      memo: { plan: input.plan },
    });
    return { handle, joined: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const handle = client.workflow.getHandle<TrainingCampaign>(workflowId);
    const { memo } = await handle.describe();
    if (memo?.['plan'] === input.plan) return { handle, joined: true };
    throw new CommandError(
      `Campaign "${input.campaign}" runs already, with another plan: its file has changed since. Wait for it, \`pi-loop cancel ${input.campaign}\` it first, or start this one under another --id.`,
      { cause: error, exitCode: 2 },
    );
  }
}

/** Errors: CommandError when there is no such campaign. */
export async function findCampaign(client: Client, campaign: string): Promise<CampaignHandle> {
  const handle = client.workflow.getHandle<TrainingCampaign>(campaignWorkflowId(campaign));
  try {
    await handle.describe();
    return handle;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandError(`There is no campaign "${campaign}". \`pi-loop list\` shows those there are.`, {
      cause: error,
    });
  }
}

export interface ListedCampaign {
  campaign: string;
  state: string;
  startedAt: string;
  closedAt: string | null;
}

export async function listCampaigns(client: Client): Promise<ListedCampaign[]> {
  const listed: ListedCampaign[] = [];
  for await (const execution of client.workflow.list({ query: 'WorkflowType = "trainingCampaign"' })) {
    listed.push({
      campaign: execution.workflowId.slice(PREFIX.length),
      state: execution.status.name.toLowerCase(),
      startedAt: execution.startTime.toISOString(),
      closedAt: execution.closeTime?.toISOString() ?? null,
    });
  }
  return listed;
}

/** An activity under way: what it says of itself, and why it is being tried again, if it is. */
export interface ActivityStatus {
  activity: string;
  attempt: number;
  details: unknown;
  failure: string | null;
}

export interface CampaignStatus {
  campaign: string;
  state: string;
  progress: CampaignProgress;
  activities: ActivityStatus[];
}

export async function readStatus(handle: CampaignHandle): Promise<CampaignStatus> {
  const description = await handle.describe();
  const progress = await handle.query<CampaignProgress, []>('campaignProgress');
  return {
    campaign: progress.campaign,
    state: description.status.name.toLowerCase(),
    progress,
    activities: (description.raw.pendingActivities ?? []).map((pending) => ({
      activity: pending.activityType?.name ?? '',
      attempt: pending.attempt ?? 1,
      details: decode(pending.heartbeatDetails?.payloads?.[0]?.data),
      failure: pending.lastFailure?.message ?? null,
    })),
  };
}

const decode = (payload: Uint8Array | null | undefined): unknown =>
  payload ? JSON.parse(Buffer.from(payload).toString('utf8')) : null;
