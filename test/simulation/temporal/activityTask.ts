import {
  ApplicationFailure,
  CancelledFailure,
  ensureApplicationFailure,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import type { TaskQueue } from '../../../schemas/names';
import type { Attempt, Ending } from './attempt';
import { fromPayload } from './payloads';
import type { TemporalServer } from './temporalServer';
import type { Command } from './workflowCode';
import type { WorkflowRun } from './workflowRun';

type ScheduleActivity = NonNullable<Command['scheduleActivity']>;

/** By Temporal's API. */
const WAIT_CANCELLATION_COMPLETED = 1;

/** An activity as Temporal's server keeps it: attempts with pauses between them, a lease by heartbeats, cancellation. */
export class ActivityTask {
  readonly id: string;
  readonly type: string;
  readonly queue: TaskQueue;
  readonly arguments: unknown[];
  attempts = 0;
  private current: Attempt | null = null;
  private isOver = false;
  private cancelRequested = false;
  private heartbeatDetails: string | undefined;
  private heardAt = 0;
  private readonly heartbeatTimeout: number;
  /** Whether its workflow goes on without its end, once it is cancelled. */
  private readonly isLeft: boolean;
  private readonly retry: NonNullable<ScheduleActivity['retryPolicy']>;

  constructor(
    private readonly server: TemporalServer,
    readonly run: WorkflowRun,
    private readonly seq: number,
    command: ScheduleActivity,
  ) {
    this.id = command.activityId ?? '';
    this.type = command.activityType ?? '';
    this.queue = command.taskQueue as TaskQueue;
    this.arguments = (command.arguments ?? []).map(fromPayload);
    this.heartbeatTimeout = optionalTsToMs(command.heartbeatTimeout) ?? Number.POSITIVE_INFINITY;
    this.retry = command.retryPolicy ?? {};
    this.isLeft = command.cancellationType !== WAIT_CANCELLATION_COMPLETED;
  }

  /** For the trace. */
  get name(): string {
    return `${this.run.workflowId} ${this.run.runId} ${this.type} ${this.id}/${this.attempts}`;
  }

  /** Whether a worker is to take it. */
  get isWaiting(): boolean {
    return !this.isOver && this.current === null;
  }

  get isHeld(): boolean {
    return this.current !== null;
  }

  /** What a worker takes. */
  begin(start: (number: number, heartbeatDetails: string | undefined) => Attempt): void {
    this.attempts += 1;
    this.current = start(this.attempts, this.heartbeatDetails);
    this.current.toldAt = this.server.clock.now;
    this.server.note(`${this.name} begins on ${this.current.worker.process.name}`);
    this.heardAt = this.server.clock.now;
    this.watch(this.current, this.heartbeatTimeout);
  }

  heartbeat(attempt: Attempt, details: string | undefined): 'go on' | 'cancel' | 'gone' {
    if (attempt !== this.current) return 'gone';
    this.heartbeatDetails = details;
    this.heardAt = this.server.clock.now;
    return this.cancelRequested ? 'cancel' : 'go on';
  }

  ended(attempt: Attempt, ending: Ending): void {
    if (attempt !== this.current) return;
    this.current = null;
    this.server.note(`${this.name} ${'result' in ending ? 'is done' : `fails: ${ending.error}`}`);
    if ('result' in ending) return this.resolve(ending);
    this.server.ledger.lose(attempt.ended({ gracefully: true }));
    const error =
      ending.error instanceof CancelledFailure ? ending.error : ensureApplicationFailure(ending.error);
    this.failed(error);
  }

  requestCancel(): void {
    this.cancelRequested = true;
    if (this.isWaiting || this.isLeft) this.resolve({ error: new CancelledFailure('CANCELLED') });
  }

  /** A lease that is not renewed is taken away, whether the attempt goes on or not. */
  private watch(attempt: Attempt, ms: number): void {
    this.server.clock.after(ms, null, () => {
      if (attempt !== this.current) return;
      const left = this.heardAt + this.heartbeatTimeout - this.server.clock.now;
      if (left > 0) return this.watch(attempt, left);
      this.current = null;
      this.server.note(`${this.name} says nothing any more`);
      this.server.ledger.lose(attempt.ended({ gracefully: false }));
      const told: unknown = this.heartbeatDetails && JSON.parse(this.heartbeatDetails);
      this.failed(new TimeoutFailure('activity Heartbeat timeout', told, TimeoutType.HEARTBEAT));
    });
  }

  private failed(error: Error): void {
    const pause = this.pauseBeforeRetry(error);
    if (pause === null) this.resolve({ error });
    else this.server.clock.after(pause, null, () => this.server.offer(this));
  }

  private pauseBeforeRetry(error: Error): number | null {
    const { nonRetryableErrorTypes, initialInterval, maximumInterval, backoffCoefficient } = this.retry;
    if (this.cancelRequested || error instanceof CancelledFailure) return null;
    if (error instanceof ApplicationFailure) {
      if (error.nonRetryable || nonRetryableErrorTypes?.includes(error.type ?? '')) return null;
      if (typeof error.nextRetryDelay === 'number') return error.nextRetryDelay;
    }
    const pause =
      (optionalTsToMs(initialInterval) ?? 1_000) * (backoffCoefficient ?? 2) ** (this.attempts - 1);
    return Math.min(pause, optionalTsToMs(maximumInterval) ?? Number.POSITIVE_INFINITY);
  }

  private resolve(ending: Ending): void {
    if (this.isOver) return;
    this.isOver = true;
    this.run.activityEnded(this.seq, this, ending);
  }
}
