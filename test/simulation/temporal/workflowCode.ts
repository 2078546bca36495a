import { Script } from 'node:vm';
import { TypedSearchAttributes } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import {
  type ReusableVMWorkflow,
  ReusableVMWorkflowCreator,
} from '@temporalio/worker/lib/workflow/reusable-vm';

export type Activation = Parameters<ReusableVMWorkflow['activate']>[0];
export type Completion = Awaited<ReturnType<ReusableVMWorkflow['activate']>>;
export type Job = NonNullable<Activation['jobs']>[number];
export type Command = NonNullable<NonNullable<Completion['successful']>['commands']>[number];

export interface RunIdentity {
  workflowId: string;
  runId: string;
  workflowType: string;
  /** Of the chain of runs that continued as new. */
  firstExecutionRunId: string;
  continuedFromExecutionRunId: string | undefined;
}

/** The workflow code as workers load it: bundled, in the SDK's own sandbox. */
export class WorkflowCode {
  private constructor(private readonly creator: ReusableVMWorkflowCreator) {}

  static async bundle(): Promise<WorkflowCode> {
    const bundle = (await bundleWorkflowCode({
      workflowsPath: require.resolve('../../../workflows'),
      logger: new DefaultLogger('ERROR'),
    })) as WorkflowBundleWithSourceMap & { filename: string };
    // The static factory also traces every promise of the process, for stack traces that nobody asks for here.
    Object.assign(ReusableVMWorkflowCreator, { unhandledRejectionHandlerHasBeenSet: true });
    const script = new Script(bundle.code, { filename: 'workflows' });
    const loaded = { ...bundle, sourceMap: {}, filename: 'workflows' };
    const forever = undefined as unknown as number;
    return new WorkflowCode(new ReusableVMWorkflowCreator(script, loaded as never, forever, new Set()));
  }

  /** A run's state before its first activation. */
  start(identity: RunIdentity, now: number): Promise<ReusableVMWorkflow> {
    const { runId } = identity;
    const startTime = new Date(now);
    const info = {
      ...identity,
      searchAttributes: {},
      typedSearchAttributes: new TypedSearchAttributes(),
      taskQueue: 'orchestration',
      namespace: 'default',
      originalExecutionRunId: runId,
      startTime,
      runStartTime: startTime,
      taskTimeoutMs: 10_000,
      attempt: 1,
      historyLength: 0,
      historySize: 0,
      continueAsNewSuggested: false,
      targetWorkerDeploymentVersionChanged: false,
      unsafe: {
        now: () => now,
        isReplaying: false,
        isReplayingHistoryEvents: false,
        random: undefined as never,
      },
    };
    const options = { info, randomnessSeed: [...Buffer.from(runId)], now, showStackTraceSources: false };
    return this.creator.createWorkflow(options as never) as Promise<ReusableVMWorkflow>;
  }
}
