import {
  type Client,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowFailedError,
  type WorkflowExecutionInfo,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { type CampaignProgress, campaignProgress, collectionProgress } from '../workflows/messages';
import { type CampaignHandle, campaignOf, type PendingActivity } from './campaignHandle';
import { failureMessage } from './failureMessage';
import { type ActivityStatus, describeActivities, episodesFinished } from './activityStatus';
import { type RunningCollection, withCollections } from './withCollections';

export interface CampaignStatus {
  campaign: string;
  /**
   * `running`; `pausing`, until everything has stopped; `paused`, `parked` or `gated` when nothing runs, by what holds
   * it; else how it ended: `completed`, `cancelled`, `failed`, `terminated`, `timed_out`.
   */
  state: string;
  /** ISO 8601, as `closedAt`; of the last run only while no worker answers. */
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
  const [description, own] = await Promise.all([handle.describe(), askProgress(client, handle)]);
  const children = await Promise.all(
    (description.raw.pendingChildren ?? []).map((child) => readChild(client, child.workflowId ?? '')),
  );
  const pending = [description.raw, ...children].flatMap(({ pendingActivities }) => pendingActivities ?? []);
  const state = executionState(description);
  return {
    campaign: campaignOf(handle.workflowId),
    state: state === 'running' && own?.paused ? 'pausing' : state,
    startedAt: own?.startedAt ?? description.startTime.toISOString(),
    closedAt: description.closeTime?.toISOString() ?? null,
    progress:
      own &&
      withCollections(
        own,
        children.flatMap(({ collection }) => collection ?? []),
      ),
    activities: await describeActivities(client, pending),
    failure: description.status.name === 'FAILED' ? await failureOf(handle) : null,
  };
}

/** What Temporal alone knows of a campaign's state; a run that only waits says in its memo what holds it. */
export function executionState({ status, memo }: Pick<WorkflowExecutionInfo, 'status' | 'memo'>): string {
  const held = memo?.['waiting'];
  return status.name === 'RUNNING' && typeof held === 'string' ? held : status.name.toLowerCase();
}

export const askProgress = (client: Client, handle: CampaignHandle): Promise<CampaignProgress | null> =>
  answered(client, () => handle.query(campaignProgress));

interface Child {
  pendingActivities: readonly PendingActivity[];
  collection: RunningCollection | null;
}

/** What a child workflow waits for, and how far it is; nothing when it has just ended. */
async function readChild(client: Client, workflowId: string): Promise<Child> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const [{ raw }, progress] = await Promise.all([
      handle.describe(),
      answered(client, () => handle.query(collectionProgress)),
    ]);
    const pendingActivities = raw.pendingActivities ?? [];
    if (!progress) return { pendingActivities, collection: null };
    // A collection itself counts whole batches.
    const underWay = pendingActivities.reduce((sum, activity) => sum + episodesFinished(activity), 0);
    const { finished, planned } = progress;
    return { pendingActivities, collection: { workflowId, planned, finished: finished + underWay } };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { pendingActivities: [], collection: null };
    throw error;
  }
}

/** The answer of a workflow; null when no worker gives one in time. */
async function answered<R>(client: Client, ask: () => Promise<R>): Promise<R | null> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask);
  } catch (error) {
    if (error instanceof ServiceError || error instanceof QueryNotRegisteredError) return null;
    throw error;
  }
}

const failureOf = (handle: CampaignHandle): Promise<string | null> =>
  handle.result().then(
    () => null,
    (error: unknown) => (error instanceof WorkflowFailedError ? failureMessage(error) : String(error)),
  );
