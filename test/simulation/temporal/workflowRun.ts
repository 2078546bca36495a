import type { WorkflowRun as HistoryRun } from '../../../activities/histories';
import type { ReusableVMWorkflow } from '@temporalio/worker/lib/workflow/reusable-vm';
import { CancelledFailure, type Payload } from '@temporalio/common';
import { msToTs, optionalTsToMs } from '@temporalio/common/lib/time';
import { ActivityTask } from './activityTask';
import type { Ending } from './attempt';
import { activityFailure, childFailure, fromFailure, fromPayload, toPayload } from './payloads';
import type { TemporalServer } from './temporalServer';
import type { Activation, Command, Completion, Job, RunIdentity } from './workflowCode';

/** From an event in a workflow to the code that hears of it. */
const TASK_LATENCY_MS = 2;

/** The run that one continues, and the first of their chain. */
export interface RunBefore {
  first: string;
  run: string;
}

/** `PARENT_CLOSE_POLICY_ABANDON` of Temporal's API: the child goes on when its parent has ended. */
const ABANDONED = 2;

/** How a workflow ended: with a result or an error, whichever of its runs was the last. */
export type WorkflowEnd = Ending;

export interface UpdateAnswers {
  completed(result: unknown): void;
  rejected(error: Error): void;
  /** The run ended without an answer. */
  lost(): void;
}

/**
 * One run of a workflow: the real code in the SDK's sandbox, told by activations what happened, answering by commands.
 * Its worker may forget it at any time: it is then replayed, and must decide the same.
 */
export class WorkflowRun {
  /** Events that its history would have. */
  events = 1;
  isClosed = false;
  /** Runs that it continued as, and its children. */
  readonly started: HistoryRun[] = [];
  private sandbox: ReusableVMWorkflow | null = null;
  private readonly history: { activation: Activation; commands: string }[] = [];
  private jobs: Job[] = [];
  private taskScheduled = false;
  private readonly activities = new Map<number, ActivityTask>();
  private readonly timers = new Map<number, { cancel(): void }>();
  private readonly children = new Map<number, string>();
  private readonly updates = new Map<string, UpdateAnswers>();

  constructor(
    private readonly server: TemporalServer,
    private readonly identity: RunIdentity,
    args: Payload[],
    private readonly onEnd: (end: WorkflowEnd) => void,
  ) {
    const { workflowId, workflowType } = identity;
    const now = msToTs(server.clock.now);
    const initializeWorkflow = { workflowId, workflowType, arguments: args, startTime: now };
    this.tell({ initializeWorkflow } as Job);
  }

  get workflowId(): string {
    return this.identity.workflowId;
  }

  get runId(): string {
    return this.identity.runId;
  }

  /** Activities that have not ended. */
  get tasks(): ActivityTask[] {
    return [...this.activities.values()];
  }

  tell(job: Job): void {
    if (this.isClosed) return;
    this.jobs.push(job);
    this.events += 1;
    if (this.taskScheduled) return;
    this.taskScheduled = true;
    this.server.clock.after(TASK_LATENCY_MS, null, () => this.task());
  }

  cancel(): void {
    this.tell({ cancelWorkflow: { reason: 'cancelled' } });
  }

  update(id: string, name: string, argument: unknown, answers: UpdateAnswers): void {
    this.updates.set(id, answers);
    const input = [toPayload(argument)];
    this.tell({ doUpdate: { id, protocolInstanceId: id, name, input, runValidator: true } });
  }

  /** Undefined when no worker answers. */
  async query(queryType: string): Promise<unknown> {
    const isAnswered =
      this.history.length > 0 && this.server.clock.now >= this.server.workflowWorkersAwayUntil;
    if (!isAnswered) return undefined;
    this.sandbox ??= await this.replayed();
    // The SDK takes a decoded message here, which names its variant.
    const job = { variant: 'queryWorkflow' as const, queryWorkflow: { queryId: 'query', queryType } };
    const { commands } = await this.activate({ jobs: [job] });
    return fromPayload(commands[0]?.respondToQuery?.succeeded?.response);
  }

  /** What a worker that lacks room, or one that takes over, does: it knows the run by its history only. */
  async forget(): Promise<void> {
    if (!this.sandbox) return;
    await this.sandbox.dispose();
    this.sandbox = null;
  }

  activityEnded(seq: number, { type, id }: ActivityTask, ending: Ending): void {
    this.activities.delete(seq);
    this.events += 2;
    if ('result' in ending)
      return this.tell({
        resolveActivity: { seq, result: { completed: { result: toPayload(ending.result) } } },
      });
    const failure = activityFailure(type, id, ending.error);
    const how = ending.error instanceof CancelledFailure ? 'cancelled' : 'failed';
    this.tell({ resolveActivity: { seq, result: { [how]: { failure } } } });
  }

  private async task(): Promise<void> {
    const wait = this.server.workflowWorkersAwayUntil - this.server.clock.now;
    if (wait > 0) return void this.server.clock.after(wait, null, () => this.task());
    this.taskScheduled = false;
    if (this.isClosed) return;
    const jobs = this.jobs.splice(0);
    const { clock, suggestContinueAsNewAfter } = this.server;
    this.events += 3;
    const activation: Activation = {
      runId: this.runId,
      timestamp: msToTs(clock.now),
      historyLength: this.events,
      continueAsNewSuggested: this.events > suggestContinueAsNewAfter,
      // As the SDK's Core sorts them.
      jobs: [...jobs.filter(isFirst), ...jobs.filter((job) => !isFirst(job))],
    };
    this.sandbox ??= await this.replayed();
    const { commands } = await this.activate(activation);
    this.history.push({ activation, commands: JSON.stringify(commands) });
    for (const command of commands) this.perform(command);
    if (this.isClosed) await this.forget();
  }

  private async replayed(): Promise<ReusableVMWorkflow> {
    const { workflowId } = this;
    this.sandbox = await this.server.code.start(this.identity, this.server.clock.now);
    for (const { activation, commands: decided } of this.history) {
      const { commands } = await this.activate({
        ...activation,
        // As the SDK's Core tells of the markers that it finds in a history.
        jobs: [...this.patches, ...(activation.jobs ?? [])],
        isReplaying: true,
        availableInternalFlags: this.flags,
      });
      if (JSON.stringify(commands) !== decided)
        throw new Error(
          `replayed, ${workflowId} decides ${JSON.stringify(commands)}, and had decided ${decided}`,
        );
    }
    return this.sandbox;
  }

  private flags: number[] = [];
  private readonly patches: Job[] = [];

  private async activate(activation: Activation): Promise<{ commands: Command[] }> {
    const completion: Completion = (await this.sandbox?.activate(activation)) ?? {};
    const { successful, failed } = completion;
    if (!successful)
      throw new Error(
        `the code of ${this.workflowId} fails: ${failed?.failure?.message}\n${failed?.failure?.stackTrace}`,
      );
    this.flags = successful.usedInternalFlags ?? this.flags;
    return { commands: successful.commands ?? [] };
  }

  private perform(command: Command): void {
    const { server } = this;
    this.events += 1;
    const { patchId } = command.setPatchMarker ?? {};
    if (patchId) this.patches.push({ notifyHasPatch: { patchId } });
    if (command.scheduleActivity) {
      const seq = command.scheduleActivity.seq ?? 0;
      const task = new ActivityTask(server, this, seq, command.scheduleActivity);
      this.activities.set(seq, task);
      server.offer(task);
    }
    if (command.requestCancelActivity)
      this.activities.get(command.requestCancelActivity.seq ?? 0)?.requestCancel();
    if (command.startTimer) this.startTimer(command.startTimer);
    if (command.cancelTimer) this.timers.get(command.cancelTimer.seq ?? 0)?.cancel();
    if (command.startChildWorkflowExecution) this.startChild(command.startChildWorkflowExecution);
    if (command.cancelChildWorkflowExecution)
      server.cancel(this.children.get(command.cancelChildWorkflowExecution.childWorkflowSeq ?? 0) ?? '');
    if (command.updateResponse) this.answer(command.updateResponse);
    if (command.continueAsNewWorkflowExecution) {
      this.close();
      const { workflowType, arguments: args } = command.continueAsNewWorkflowExecution;
      const before = { first: this.identity.firstExecutionRunId, run: this.runId };
      const next = server.begin(
        this.workflowId,
        workflowType || this.identity.workflowType,
        args ?? [],
        this.onEnd,
        before,
      );
      this.started.push({ workflow: this.workflowId, run: next.runId });
    }
    if (command.completeWorkflowExecution)
      this.end({ result: fromPayload(command.completeWorkflowExecution.result) });
    if (command.failWorkflowExecution)
      this.end({ error: fromFailure(command.failWorkflowExecution.failure ?? {}) });
    if (command.cancelWorkflowExecution) this.end({ error: new CancelledFailure('Workflow cancelled') });
  }

  private startTimer({ seq, startToFireTimeout }: NonNullable<Command['startTimer']>): void {
    const ms = optionalTsToMs(startToFireTimeout) ?? 0;
    this.timers.set(
      seq ?? 0,
      this.server.clock.after(ms, null, () => this.tell({ fireTimer: { seq: seq ?? 0 } })),
    );
  }

  private startChild(command: NonNullable<Command['startChildWorkflowExecution']>): void {
    const { seq, workflowId, workflowType, input, parentClosePolicy } = command;
    const id = workflowId ?? '';
    const type = workflowType ?? '';
    if (this.server.isRunning(id)) {
      const failed = { workflowId: id, workflowType: type, cause: 1 };
      return this.tell({ resolveChildWorkflowExecutionStart: { seq: seq ?? 0, failed } });
    }
    if (parentClosePolicy !== ABANDONED) this.children.set(seq ?? 0, id);
    const { runId } = this.server.begin(id, type, input ?? [], (end) =>
      this.childEnded(seq ?? 0, id, type, end),
    );
    this.started.push({ workflow: id, run: runId });
    this.tell({ resolveChildWorkflowExecutionStart: { seq: seq ?? 0, succeeded: { runId } } });
  }

  private childEnded(seq: number, id: string, type: string, end: WorkflowEnd): void {
    this.children.delete(seq);
    const how = 'error' in end && end.error instanceof CancelledFailure ? 'cancelled' : 'failed';
    const result =
      'result' in end
        ? { completed: { result: toPayload(end.result) } }
        : { [how]: { failure: childFailure(id, type, end.error) } };
    this.tell({ resolveChildWorkflowExecution: { seq, result } });
  }

  private answer({ protocolInstanceId, completed, rejected }: NonNullable<Command['updateResponse']>): void {
    const id = protocolInstanceId ?? '';
    if (completed) this.updates.get(id)?.completed(fromPayload(completed));
    if (rejected) this.updates.get(id)?.rejected(fromFailure(rejected));
    if (completed || rejected) this.updates.delete(id);
  }

  private end(end: WorkflowEnd): void {
    this.close();
    this.onEnd(end);
  }

  /** Whatever it has left running is asked to end. */
  private close(): void {
    this.isClosed = true;
    this.server.closed(this);
    for (const timer of this.timers.values()) timer.cancel();
    for (const task of this.activities.values()) task.requestCancel();
    for (const child of this.children.values()) this.server.cancel(child);
    for (const answers of this.updates.values()) answers.lost();
  }
}

/** Beginnings and updates come before what they may have caused. */
const isFirst = ({ initializeWorkflow, doUpdate }: Job): boolean => Boolean(initializeWorkflow ?? doUpdate);
