import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import { PARKING_FAILURE_TYPES, TASK_QUEUES } from '../schemas/names';

/**
 * The one table of activity options. Every activity waits for its cancellation to complete, so that a child process
 * or a lease is gone before the workflow goes on. Attempts are never counted out: a worker's shutdown costs an attempt
 * too, so work is bounded in time (scheduleToClose), and failures that no retry can cure are fatal by type.
 */
const common = {
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;

const retry = (
  initial: ActivityOptions['startToCloseTimeout'],
  maximum: ActivityOptions['startToCloseTimeout'],
) => ({
  initialInterval: initial ?? '1s',
  maximumInterval: maximum ?? '1m',
  backoffCoefficient: 2,
  nonRetryableErrorTypes: [...PARKING_FAILURE_TYPES],
});

/** Activities say every two seconds that their worker lives; one that is gone is noticed after four silent beats. */
const WORKER_LOST = '8s';
/** These may keep the event loop busy for a while with large artifacts. */
const BUSY_WORKER_LOST = '30s';

export const ACTIVITY_OPTIONS = {
  /** Reads and writes of artifacts. An S3 outage of an hour is survived. */
  general: {
    ...common,
    taskQueue: TASK_QUEUES.general,
    startToCloseTimeout: '1h',
    scheduleToCloseTimeout: '24h',
    heartbeatTimeout: BUSY_WORKER_LOST,
    retry: retry('500ms', '30s'),
  },
  /** Keeping histories: the campaign that asks has to end first. */
  archiving: {
    ...common,
    taskQueue: TASK_QUEUES.general,
    startToCloseTimeout: '1h',
    scheduleToCloseTimeout: '24h',
    heartbeatTimeout: BUSY_WORKER_LOST,
    retry: retry('500ms', '10s'),
  },
  /** Filling a task set: hundreds of author calls, kept in a journal; by a provider's batches each round takes hours. */
  authoring: {
    ...common,
    taskQueue: TASK_QUEUES.dialogue,
    startToCloseTimeout: '14d',
    scheduleToCloseTimeout: '28d',
    heartbeatTimeout: BUSY_WORKER_LOST,
    retry: retry('1s', '1m'),
  },
  /** A batch of conversations and their ratings. Outages are waited out inside, so it may take as long as they do. */
  episodes: {
    ...common,
    taskQueue: TASK_QUEUES.dialogue,
    startToCloseTimeout: '14d',
    scheduleToCloseTimeout: '28d',
    heartbeatTimeout: WORKER_LOST,
    retry: retry('500ms', '1m'),
  },
  /** Ratings by a provider's batches, which take hours. Batches of conversations are many in one activity. */
  ratings: {
    ...common,
    taskQueue: TASK_QUEUES.dialogue,
    startToCloseTimeout: '14d',
    scheduleToCloseTimeout: '28d',
    heartbeatTimeout: WORKER_LOST,
    retry: retry('1s', '1m'),
  },
  /** Somebody waits for a campaign to end; a provider that is away would stop its batches by itself within a day. */
  cancelling: {
    ...common,
    taskQueue: TASK_QUEUES.dialogue,
    startToCloseTimeout: '10m',
    scheduleToCloseTimeout: '10m',
    heartbeatTimeout: WORKER_LOST,
    retry: retry('1s', '1m'),
  },
  /** A call to each model of a stage; what does not answer now is asked another time. */
  probe: {
    ...common,
    taskQueue: TASK_QUEUES.dialogue,
    startToCloseTimeout: '5m',
    scheduleToCloseTimeout: '1h',
    heartbeatTimeout: WORKER_LOST,
    retry: retry('1s', '1m'),
  },
  /** A training job may take days. */
  training: {
    ...common,
    taskQueue: TASK_QUEUES.gpuTrain,
    startToCloseTimeout: '7d',
    scheduleToCloseTimeout: '14d',
    heartbeatTimeout: BUSY_WORKER_LOST,
    retry: retry('1s', '5m'),
  },
  /** Runs as long as the policy is needed; the lease is renewed every four seconds. */
  serving: {
    ...common,
    taskQueue: TASK_QUEUES.gpuServe,
    startToCloseTimeout: '7d',
    scheduleToCloseTimeout: '14d',
    heartbeatTimeout: '15s',
    retry: retry('1s', '1m'),
  },
  /** Waiting for a served policy includes waiting for a free slot. */
  awaitPolicy: {
    ...common,
    taskQueue: TASK_QUEUES.general,
    startToCloseTimeout: '7d',
    scheduleToCloseTimeout: '14d',
    heartbeatTimeout: BUSY_WORKER_LOST,
    retry: retry('500ms', '10s'),
  },
} satisfies Record<string, ActivityOptions>;
