import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import { FATAL_FAILURE_TYPES, TASK_QUEUES } from '../schemas/names';

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
  nonRetryableErrorTypes: [...FATAL_FAILURE_TYPES],
});

export const ACTIVITY_OPTIONS = {
  /** Reads and writes of small artifacts. An S3 outage of an hour is survived. */
  general: {
    ...common,
    taskQueue: TASK_QUEUES.general,
    startToCloseTimeout: '10m',
    scheduleToCloseTimeout: '2h',
    retry: retry('500ms', '30s'),
  },
  /** Filling a task set: hundreds of author calls; its state travels in heartbeats. */
  authoring: {
    ...common,
    taskQueue: TASK_QUEUES.dialogue,
    startToCloseTimeout: '6h',
    scheduleToCloseTimeout: '24h',
    heartbeatTimeout: '3m',
    retry: retry('1s', '1m'),
  },
  /** One conversation: at most 100 turns of two calls, each at most two minutes; a heartbeat a turn. */
  episode: {
    ...common,
    taskQueue: TASK_QUEUES.dialogue,
    startToCloseTimeout: '2h',
    scheduleToCloseTimeout: '24h',
    heartbeatTimeout: '5m',
    retry: retry('500ms', '1m'),
  },
  /** One judgement: at most three calls. */
  rating: {
    ...common,
    taskQueue: TASK_QUEUES.dialogue,
    startToCloseTimeout: '10m',
    scheduleToCloseTimeout: '24h',
    retry: retry('500ms', '1m'),
  },
  /** A training job may take days; it beats every two seconds, so a lost machine is noticed within a minute. */
  training: {
    ...common,
    taskQueue: TASK_QUEUES.gpuTrain,
    startToCloseTimeout: '7d',
    scheduleToCloseTimeout: '14d',
    heartbeatTimeout: '1m',
    retry: retry('2s', '5m'),
  },
  /** Runs as long as the policy is needed; the lease is renewed every few seconds. */
  serving: {
    ...common,
    taskQueue: TASK_QUEUES.gpuServe,
    startToCloseTimeout: '7d',
    scheduleToCloseTimeout: '14d',
    heartbeatTimeout: '30s',
    retry: retry('1s', '1m'),
  },
  /** Waiting for a served policy includes waiting for a free slot. */
  awaitPolicy: {
    ...common,
    taskQueue: TASK_QUEUES.general,
    startToCloseTimeout: '7d',
    scheduleToCloseTimeout: '14d',
    heartbeatTimeout: '30s',
    retry: retry('500ms', '10s'),
  },
} satisfies Record<string, ActivityOptions>;
