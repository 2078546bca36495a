import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  type Client,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
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
  startedAt: string;
  closedAt: string | null;
  /** Null when no worker answered in time: only they know. */
  progress: CampaignProgress | null;
  /** Those of the campaign and of its child workflows. */
  activities: ActivityStatus[];
  /** Why it failed, if it did. */
  failure: string | null;
}

/** Workers that run answer within milliseconds; Temporal itself waits half a minute for one. */
const ANSWER_WITHIN_MS = 5_000;

export async function readStatus(client: Client, handle: CampaignHandle): Promise<CampaignStatus> {
  const description = await handle.describe();
  const children = await Promise.all(
    (description.raw.pendingChildren ?? []).map((child) => pendingOf(client, child)),
  );
  const { status, startTime, closeTime } = description;
  return {
    campaign: handle.workflowId.slice(PREFIX.length),
    state: status.name.toLowerCase(),
    startedAt: startTime.toISOString(),
    closedAt: closeTime?.toISOString() ?? null,
    progress: await askProgress(client, handle),
    activities: [...(description.raw.pendingActivities ?? []), ...children.flat()].map(describeActivity),
    failure: status.name === 'FAILED' ? await failureOf(handle) : null,
  };
}

async function askProgress(client: Client, handle: CampaignHandle): Promise<CampaignProgress | null> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      handle.query<CampaignProgress, []>('campaignProgress'),
    );
  } catch (error) {
    if (error instanceof ServiceError || error instanceof QueryNotRegisteredError) return null;
    throw error;
  }
}

/** What a child workflow is waiting for; nothing when it has just ended. */
async function pendingOf(client: Client, { workflowId, runId }: PendingChild): Promise<PendingActivity[]> {
  const child = client.workflow.getHandle(workflowId ?? '', runId ?? undefined);
  const description = await child.describe().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  });
  return description?.raw.pendingActivities ?? [];
}

function describeActivity(pending: PendingActivity): ActivityStatus {
  return {
    activity: pending.activityType?.name ?? '',
    attempt: pending.attempt ?? 1,
    details: decode(pending.heartbeatDetails?.payloads?.[0]?.data),
    failure: lastFailureOf(pending),
  };
}

function lastFailureOf({ lastFailure }: PendingActivity): string | null {
  const type = lastFailure?.applicationFailureInfo?.type;
  return lastFailure ? `${type ? `${type}: ` : ''}${lastFailure.message ?? ''}` : null;
}

const failureOf = (handle: CampaignHandle): Promise<string | null> =>
  handle.result().then(
    () => null,
    (error: unknown) => failureMessage(error),
  );

/** The message of the failure underneath Temporal's wrappers, with its type. */
export function failureMessage(error: unknown): string {
  let cause: unknown = error;
  while (isWrapper(cause) && cause.cause) cause = cause.cause;
  const type = cause instanceof ApplicationFailure && cause.type ? `${cause.type}: ` : '';
  return `${type}${cause instanceof Error ? cause.message : String(cause)}`;
}

const isWrapper = (error: unknown): error is Error =>
  error instanceof WorkflowFailedError ||
  error instanceof ActivityFailure ||
  error instanceof ChildWorkflowFailure;

type Description = Awaited<ReturnType<CampaignHandle['describe']>>['raw'];
type PendingActivity = NonNullable<Description['pendingActivities']>[number];
type PendingChild = NonNullable<Description['pendingChildren']>[number];

/** A heartbeat without details has a payload without bytes. */
const decode = (payload: Uint8Array | null | undefined): unknown =>
  payload?.byteLength ? JSON.parse(Buffer.from(payload).toString('utf8')) : null;
