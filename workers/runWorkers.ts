import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { EPISODES_AT_ONCE } from '../domain/plan/batches';
import { TASK_QUEUES, type TaskQueue } from '../schemas/names';
import { publishSigner } from '../artifacts/signing/publishSigner';
import { signingKeyOf } from '../artifacts/signing/signingKey';
import type { WorkerConfig } from './config';
import { createActivities, createStore } from './createActivities';
import { aliveInterceptor } from './aliveInterceptor';
import { deploymentOptions } from './deployment';
import { failureInterceptor } from './failureInterceptor';
import { historySource } from './historySource';
import { workflowSource } from './workflowSource';

/** Below the pause between beats of a batch, so that each of them reaches the server. */
const HEARTBEAT_THROTTLE = '500ms';
/** Then running activities are cancelled; each keeps what it has (turns, a checkpoint) and goes on elsewhere. */
const SHUTDOWN_GRACE = '1s';

export interface RunningWorkers {
  /** Resolves when all workers have stopped; rejects when one failed. */
  done: Promise<void>;
  stop(): void;
}

/** Starts a worker for each of the queues, over one connection. */
export async function runWorkers(
  queues: readonly TaskQueue[],
  config: WorkerConfig,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<RunningWorkers> {
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  const store = createStore(config);
  await store.prepare();
  const running = new Map<TaskQueue, Worker>();
  const signingKey = signingKeyOf(config);
  await publishSigner(store, signingKey);
  const connection = await NativeConnection.connect({ address: config.TEMPORAL_ADDRESS });
  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  const activities = createActivities(config, store, variables, {
    signingKey,
    histories: historySource(client),
    withdraw: (reason) => {
      console.error(`${reason} This worker takes no more training until it is started again.`);
      stopWorker(running.get(TASK_QUEUES.gpuTrain));
    },
  });
  const failures = () => failureInterceptor(config.PI_LOOP_SCRATCH);
  await Promise.all(
    queues.map(async (taskQueue) => {
      const work =
        taskQueue === TASK_QUEUES.orchestration ? workflowSource() : { activities: activities[taskQueue] };
      const worker = await Worker.create({
        connection,
        namespace: config.TEMPORAL_NAMESPACE,
        taskQueue,
        maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
        shutdownGraceTime: SHUTDOWN_GRACE,
        ...limits(taskQueue, config),
        interceptors: {
          activity: taskQueue === TASK_QUEUES.general ? [failures, aliveInterceptor] : [failures],
        },
        ...work,
      });
      running.set(taskQueue, worker);
    }),
  );
  const workers = [...running.values()];
  const stopping = new AbortController();
  const ended = Promise.all(workers.map((worker) => worker.run()));
  ended.catch(() => stopping.abort());
  // A process that ended with its withdrawn worker would be started again, and take the next attempt after all.
  const done = Promise.all([ended, stayUntil(stopping.signal)]).then(async () => {
    await connection.close();
    store.close();
  });
  return {
    done,
    stop: () => {
      stopping.abort();
      workers.forEach(stopWorker);
    },
  };
}

const A_DAY_MS = 86_400_000;

/** Nothing else keeps a process of which no worker polls. */
function stayUntil(signal: AbortSignal): Promise<void> {
  const staying = setInterval(() => undefined, A_DAY_MS);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      clearInterval(staying);
      resolve();
    });
  });
}

function stopWorker(worker: Worker | undefined): void {
  if (worker?.getState() === 'RUNNING') worker.shutdown();
}

function limits(taskQueue: TaskQueue, config: WorkerConfig): Partial<WorkerOptions> {
  switch (taskQueue) {
    case 'orchestration':
      return { maxCachedWorkflows: 200, ...deploymentOptions(config) };
    case 'dialogue':
      return {
        maxConcurrentActivityTaskExecutions: Math.ceil(config.PI_LOOP_DIALOGUE_SLOTS / EPISODES_AT_ONCE),
      };
    case 'gpu-train':
      return { maxConcurrentActivityTaskExecutions: config.PI_LOOP_TRAIN_SLOTS };
    case 'gpu-serve':
      return { maxConcurrentActivityTaskExecutions: config.PI_LOOP_SERVE_SLOTS };
    default:
      return {};
  }
}
