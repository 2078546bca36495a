import type { Payload } from '@temporalio/common';
import type { HistorySource, RunHistory, WorkflowRun as HistoryRun } from '../../../activities/histories';
import type { VirtualClock } from '../clock';
import type { Ledger } from '../ledger';
import type { World } from '../world';
import type { ActivityTask } from './activityTask';
import { Attempt } from './attempt';
import { toPayload } from './payloads';
import type { WorkflowCode } from './workflowCode';
import { type RunBefore, type UpdateAnswers, type WorkflowEnd, WorkflowRun } from './workflowRun';

/** Events after which Temporal suggests to continue as new. */
const LONG_HISTORY = 4_096;

/**
 * What Temporal's server is to the product, in virtual time: runs of workflows, task queues, leases and retries of
 * activities, children, timers, updates and cancellation. It stands for the server alone: workflow code runs in the
 * SDK's own sandbox, activities in the SDK's own context.
 */
export class TemporalServer implements HistorySource {
  /** Workers of the workflow queue do nothing before this time. */
  workflowWorkersAwayUntil = 0;
  suggestContinueAsNewAfter = LONG_HISTORY;
  readonly runs: WorkflowRun[] = [];
  private readonly current = new Map<string, WorkflowRun>();
  private readonly offered = new Set<ActivityTask>();

  constructor(
    private readonly world: World,
    readonly code: WorkflowCode,
  ) {}

  get clock(): VirtualClock {
    return this.world.clock;
  }

  get ledger(): Ledger {
    return this.world.ledger;
  }

  note(what: string): void {
    this.world.note(what);
  }

  start(workflowId: string, type: string, argument: unknown, onEnd: (end: WorkflowEnd) => void): void {
    this.begin(workflowId, type, [toPayload(argument)], onEnd);
  }

  /** A first run, or the next one of a workflow that continues as new. */
  begin(
    workflowId: string,
    type: string,
    args: Payload[],
    onEnd: (end: WorkflowEnd) => void,
    before?: RunBefore,
  ): WorkflowRun {
    const runId = `run-${this.runs.length + 1}`;
    const identity = {
      workflowId,
      runId,
      workflowType: type,
      firstExecutionRunId: before?.first ?? runId,
      continuedFromExecutionRunId: before?.run,
    };
    const run = new WorkflowRun(this, identity, args, onEnd);
    this.runs.push(run);
    this.current.set(workflowId, run);
    return run;
  }

  isRunning(workflowId: string): boolean {
    return this.current.has(workflowId);
  }

  closed(run: WorkflowRun): void {
    this.current.delete(run.workflowId);
  }

  cancel(workflowId: string): void {
    this.current.get(workflowId)?.cancel();
  }

  update(workflowId: string, id: string, name: string, argument: unknown, answers: UpdateAnswers): void {
    const run = this.current.get(workflowId);
    if (run) run.update(id, name, argument, answers);
    else answers.lost();
  }

  /** Of the runs that have ended: who they were, and what they started. */
  async fetch({ workflow, run }: HistoryRun): Promise<RunHistory | null> {
    const found = this.runs.find(({ runId }) => runId === run);
    if (!found) return null;
    const { isClosed, started } = found;
    return { json: JSON.stringify({ workflow, run }), isClosed, started };
  }

  async query(workflowId: string, name: string): Promise<unknown> {
    return this.current.get(workflowId)?.query(name);
  }

  /** Workflow workers lose all they keep in memory. */
  async forgetWorkflows(): Promise<void> {
    for (const run of this.current.values()) await run.forget();
  }

  /** Puts an activity into its queue. */
  offer(task: ActivityTask): void {
    this.offered.add(task);
    this.dispatch();
  }

  /** Gives what waits in queues to workers that have room. */
  dispatch(): void {
    for (const task of [...this.offered]) {
      if (!task.isWaiting) this.offered.delete(task);
      else this.give(task);
    }
  }

  /** Activities that a worker holds the lease of. */
  get underWay(): ActivityTask[] {
    return this.runs.flatMap(({ tasks }) => tasks).filter(({ isHeld }) => isHeld);
  }

  get waiting(): ActivityTask[] {
    return [...this.offered].filter(({ isWaiting }) => isWaiting);
  }

  private give(task: ActivityTask): void {
    const workers = this.world.workers.filter(
      ({ process, hasRoom }) => process.queue === task.queue && hasRoom,
    );
    if (workers.length === 0) return;
    this.offered.delete(task);
    const worker = this.world.random.pick(workers);
    task.begin((number, details) => {
      const attempt = new Attempt(task, number, worker, details);
      worker.attempts.add(attempt);
      this.clock.after(2, worker.process, () => attempt.start());
      return attempt;
    });
  }
}
