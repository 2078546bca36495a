import { ActivityCancellationDetails, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { EndedAttempt } from '../ledger';
import { aliveInterceptor } from '../../../workers/aliveInterceptor';
import { failureInterceptor } from '../../../workers/failureInterceptor';
import { TASK_QUEUES } from '../../../schemas/names';
import type { Worker } from '../worker';
import type { ActivityTask } from './activityTask';

/** Workers tell Temporal of heartbeats no more often than this (workers/runWorkers). */
const THROTTLE_MS = 500;
/** From a worker to Temporal. */
const NETWORK_MS = 3;

/** Why an attempt is to end, by the SDK's words. */
const CANCELLATIONS = {
  CANCELLED: new ActivityCancellationDetails({ cancelRequested: true }),
  /** The server has given it up. */
  NOT_FOUND: new ActivityCancellationDetails({ notFound: true }),
  WORKER_SHUTDOWN: new ActivityCancellationDetails({ workerShutdown: true }),
};

interface Beat {
  /** As JSON: what is told is told as it was. */
  details: string | undefined;
  at: number;
}

export type Ending = { result: unknown } | { error: Error };

/** One try of an activity in a worker's process, as the worker's part of the SDK runs it. */
export class Attempt {
  /** When what the server knows of it was told. */
  toldAt = 0;
  private readonly environment: MockActivityEnvironment;
  private sentAt = Number.NEGATIVE_INFINITY;
  private unsent: Beat | null = null;
  private cancelledFor: keyof typeof CANCELLATIONS | null = null;

  constructor(
    readonly task: ActivityTask,
    readonly number: number,
    readonly worker: Worker,
    heartbeatDetails: string | undefined,
  ) {
    const { id, type, queue, run } = task;
    this.environment = new MockActivityEnvironment(
      {
        attempt: number,
        activityId: id,
        activityType: type,
        taskQueue: queue,
        workflowExecution: { workflowId: run.workflowId, runId: run.runId },
        heartbeatDetails: heartbeatDetails === undefined ? undefined : JSON.parse(heartbeatDetails),
      },
      {
        logger: new DefaultLogger('ERROR', () => undefined),
        interceptors: [
          () => failureInterceptor('/scratch'),
          ...(queue === TASK_QUEUES.general ? [aliveInterceptor] : []),
        ],
      },
    );
    this.environment.on('heartbeat', (details: unknown) => this.beat(details));
  }

  start(): void {
    const { worker, task } = this;
    const work = worker.activity(task.type);
    void worker.process
      .run(() => this.environment.run(work, ...task.arguments))
      .then(
        (result: unknown) => this.end({ result }),
        (error: Error) => this.end({ error }),
      );
  }

  cancel(reason: keyof typeof CANCELLATIONS): void {
    if (this.cancelledFor || this.worker.process.isDead) return;
    this.cancelledFor = reason;
    this.worker.process.run(() => this.environment.cancel(reason, CANCELLATIONS[reason]));
  }

  /** For the books: what it knew and when. */
  ended(how: Pick<EndedAttempt, 'gracefully'>): EndedAttempt {
    const { run, id } = this.task;
    const activity = `${run.runId}/${id}`;
    const endedAt = this.worker.process.world.clock.now;
    return { holder: `${activity}/${this.number}`, toldAt: this.toldAt, endedAt, ...how };
  }

  private beat(details: unknown): void {
    const { clock } = this.worker.process.world;
    const isFirst = this.unsent === null;
    this.unsent = { details: JSON.stringify(details), at: clock.now };
    const wait = this.sentAt + THROTTLE_MS - clock.now;
    if (wait <= 0) this.flush();
    else if (isFirst) clock.after(wait, this.worker.process, () => this.flush());
  }

  private flush(): void {
    const { unsent: beat, worker, task } = this;
    if (!beat) return;
    const { clock } = worker.process.world;
    this.unsent = null;
    this.sentAt = clock.now;
    clock.after(NETWORK_MS, worker.process, () => {
      if (worker.process.isCutOff) return;
      const answer = task.heartbeat(this, beat.details);
      if (answer !== 'gone') this.toldAt = beat.at;
      if (answer === 'gone') this.cancel('NOT_FOUND');
      if (answer === 'cancel') this.cancel('CANCELLED');
    });
  }

  private end(ending: Ending): void {
    const { worker, task } = this;
    const { clock } = worker.process.world;
    if (worker.process.isDead) return;
    worker.free(this);
    // What a failing attempt told last goes to Temporal with its failure.
    if ('error' in ending) this.flush();
    const told = this.asTold(ending);
    clock.after(NETWORK_MS + 1, worker.process, () =>
      worker.process.whenConnected(() => task.ended(this, told)),
    );
  }

  /** A worker that shuts down gives its work back; that is no cancellation. */
  private asTold(ending: Ending): Ending {
    if ('result' in ending || !(ending.error instanceof CancelledFailure)) return ending;
    return this.cancelledFor === 'WORKER_SHUTDOWN'
      ? { error: ApplicationFailure.retryable('The worker shuts down.', 'WorkerShutdown') }
      : ending;
  }
}
