import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { requireTool } from '../../deploy/local/tools';
import { deploymentOptions } from '../../workers/deployment';
import { TASK_QUEUES, type TaskQueue } from '../../schemas/names';

/** A real Temporal dev server for one test file. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  return TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: requireTool('temporal') } },
  });
}

export type FakeActivities = Record<string, (input: never) => unknown>;

const bundled = new Map<string, Promise<WorkflowBundleWithSourceMap>>();

/** Bundled once a test file: bundling takes longer than most tests. */
function workflowBundle(workflowsPath: string): Promise<WorkflowBundleWithSourceMap> {
  const bundle =
    bundled.get(workflowsPath) ?? bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  bundled.set(workflowsPath, bundle);
  return bundle;
}

export interface WorkersOptions {
  /** The workflow code, when it is not today's. */
  workflowsPath?: string;
  /** Commit of the code, where the workers belong to a deployment with several versions. */
  commit?: string;
  /** @default all */
  queues?: readonly TaskQueue[];
}

const ALL_QUEUES = Object.values(TASK_QUEUES);

/** Name of the deployment of workers with a commit. */
export const DEPLOYMENT = 'test';

/** Workers for all queues over the given activities, as long as `body` runs. */
export async function withWorkers<R>(
  environment: TestWorkflowEnvironment,
  activities: FakeActivities,
  body: () => Promise<R>,
  { workflowsPath = require.resolve('../../workflows'), commit, queues = ALL_QUEUES }: WorkersOptions = {},
): Promise<R> {
  const bundle = await workflowBundle(workflowsPath);
  const deployment =
    commit === undefined ? {} : deploymentOptions({ PI_LOOP_DEPLOYMENT: DEPLOYMENT, PI_LOOP_COMMIT: commit });
  const workers = await Promise.all(
    queues.map((taskQueue) =>
      Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        maxHeartbeatThrottleInterval: '100ms',
        ...(taskQueue === TASK_QUEUES.orchestration
          ? { workflowBundle: bundle, ...deployment }
          : { activities: activities as Record<string, (input: unknown) => Promise<unknown>> }),
      }),
    ),
  );
  const running = Promise.all(workers.map((worker) => worker.run()));
  try {
    return await body();
  } finally {
    for (const worker of workers) worker.shutdown();
    await running;
  }
}
