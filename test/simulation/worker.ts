import { createPrivateKey } from 'node:crypto';
import { readSigningKey } from '../../artifacts/signing/signingKey';
import { TASK_QUEUES } from '../../schemas/names';
import { readConfig } from '../../workers/config';
import { createActivities, createStore } from '../../workers/createActivities';
import { SIMULATOR_URL } from './models';
import type { SimulatedProcess } from './simulatedProcess';
import type { Attempt } from './temporal/attempt';

const VARIABLES = { PI_LOOP_SIMULATOR_URL: SIMULATOR_URL };
const CONFIG = readConfig({
  S3_ENDPOINT: 'http://simulated',
  PI_LOOP_SCRATCH: '/scratch',
  PI_LOOP_SERVE_IDLE_SECONDS: '0',
});

/** The same in each simulation, so that all bytes are. */
export const KEY = readSigningKey(
  createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${'07'.repeat(32)}`, 'hex'),
    format: 'der',
    type: 'pkcs8',
  })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  'the simulation',
);

type Activity = (...args: unknown[]) => Promise<unknown>;

/** Activities that one worker runs at once, by its queue. */
const SLOTS = { orchestration: 0, general: 20, dialogue: 4, 'gpu-train': 1, 'gpu-serve': 2 };

/** A worker of one queue: the real activities in a simulated process, with caches of its own. */
export class Worker {
  readonly attempts = new Set<Attempt>();
  isStopping = false;
  private readonly activities: Record<string, Activity>;

  constructor(readonly process: SimulatedProcess) {
    const store = createStore(CONFIG);
    const queues = process.run(() =>
      createActivities(CONFIG, store, VARIABLES, {
        withdraw: () => undefined,
        signingKey: KEY,
        histories: process.world.temporal,
      }),
    );
    this.activities = Object.assign({}, ...Object.values(queues)) as Record<string, Activity>;
  }

  get hasRoom(): boolean {
    const { process, attempts } = this;
    return process.takesWork && !this.isStopping && attempts.size < SLOTS[process.queue];
  }

  activity(type: string): Activity {
    const activity = this.activities[type];
    if (activity) return activity;
    throw new Error(`there is no activity ${type} in the simulated workers`);
  }

  free(attempt: Attempt): void {
    this.attempts.delete(attempt);
    this.process.world.temporal.dispatch();
  }
}

/** Workers of the simulated machines: two of most queues, so that one can go on for the other. */
export const WORKERS = [
  TASK_QUEUES.general,
  TASK_QUEUES.general,
  TASK_QUEUES.dialogue,
  TASK_QUEUES.dialogue,
  TASK_QUEUES.dialogue,
  TASK_QUEUES.gpuTrain,
  TASK_QUEUES.gpuTrain,
  TASK_QUEUES.gpuServe,
  TASK_QUEUES.gpuServe,
] as const;
