import type { Client } from '@temporalio/client';
import { z } from 'zod';
import type { PendingActivity } from './campaignHandle';

/** An activity under way: what it says of itself, and why it is being tried again, if it is. */
export interface ActivityStatus {
  activity: string;
  attempt: number;
  /** What it last said; of a batch of episodes how many are in which state. */
  details: unknown;
  /** Why the last attempt ended, or what this one waits out by itself. */
  failure: string | null;
  /** Where it is done. */
  taskQueue: string;
  /** Set while no worker has taken it. */
  untaken: Untaken | null;
}

export interface Untaken {
  /** ISO 8601. */
  since: string;
  /** False when no worker has asked for work of this queue for minutes: there is none, or all its slots are taken. */
  workersAsk: boolean;
}

/** Of Temporal's API. */
const TASK_QUEUE_TYPE_ACTIVITY = 2;
const PENDING_ACTIVITY_STATE_SCHEDULED = 1;

export async function describeActivities(
  client: Client,
  pending: readonly PendingActivity[],
): Promise<ActivityStatus[]> {
  const queues = new Set(pending.filter(isUntaken).map(taskQueueOf));
  const asked = new Map<string, boolean>();
  await Promise.all([...queues].map(async (queue) => asked.set(queue, await workersAsk(client, queue))));
  return pending.map((one) => describeActivity(one, asked.get(taskQueueOf(one)) ?? false));
}

function describeActivity(pending: PendingActivity, asked: boolean): ActivityStatus {
  const details = decode(pending.heartbeatDetails?.payloads?.[0]?.data);
  const since = new Date(Number(pending.scheduledTime?.seconds ?? 0) * 1000).toISOString();
  return {
    activity: pending.activityType?.name ?? '',
    attempt: pending.attempt ?? 1,
    details: counted(details),
    failure: waitingOut(details) ?? lastFailureOf(pending),
    taskQueue: taskQueueOf(pending),
    untaken: isUntaken(pending) ? { since, workersAsk: asked } : null,
  };
}

const taskQueueOf = ({ activityOptions }: PendingActivity): string => activityOptions?.taskQueue?.name ?? '';

/** Scheduled, and not because a failed attempt is to be repeated after a pause. */
const isUntaken = ({ state, nextAttemptScheduleTime }: PendingActivity): boolean =>
  state === PENDING_ACTIVITY_STATE_SCHEDULED && !nextAttemptScheduleTime;

/** Temporal knows of the workers that asked within the last minutes. */
async function workersAsk({ workflowService, options }: Client, name: string): Promise<boolean> {
  const { pollers } = await workflowService.describeTaskQueue({
    namespace: options.namespace,
    taskQueue: { name },
    taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
  });
  return pollers.length > 0;
}

/** A failure that an attempt waits out by itself, as it says in its heartbeat. */
const Waiting = z.object({ waiting: z.object({ type: z.string(), message: z.string() }) });

function waitingOut(details: unknown): string | null {
  const waiting = Waiting.safeParse(details).data?.waiting;
  return waiting ? `${waiting.type}: ${waiting.message}` : null;
}

/** A batch says all that another worker would need to go on with it: more than anybody wants to read. */
const Batch = z.object({
  rated: z.array(z.unknown()),
  played: z.array(z.unknown()),
  open: z.array(z.unknown()),
});

function counted(details: unknown): unknown {
  const { rated, played, open } = Batch.safeParse(details).data ?? {};
  if (!rated || !played || !open) return details;
  return { rated: rated.length, played: played.length, open: open.length };
}

/** Episodes that an activity which plays a batch has finished. */
export const episodesFinished = ({ heartbeatDetails }: PendingActivity): number =>
  Batch.safeParse(decode(heartbeatDetails?.payloads?.[0]?.data)).data?.rated.length ?? 0;

function lastFailureOf({ lastFailure }: PendingActivity): string | null {
  const type = lastFailure?.applicationFailureInfo?.type;
  return lastFailure ? `${type ? `${type}: ` : ''}${lastFailure.message ?? ''}` : null;
}

/** A heartbeat without details has a payload without bytes. */
const decode = (payload: Uint8Array | null | undefined): unknown =>
  payload?.byteLength ? JSON.parse(Buffer.from(payload).toString('utf8')) : null;
