import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { requireTool } from '../../deploy/local/tools';
import { TASK_QUEUES } from '../../schemas/names';

/** A real Temporal dev server for one test file. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  return TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: requireTool('temporal') } },
  });
}

export type FakeActivities = Record<string, (input: never) => unknown>;

let bundled: Promise<WorkflowBundleWithSourceMap> | undefined;

/** Bundled once a test file: bundling takes longer than most tests. */
function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundled ??= bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    logger: new DefaultLogger('ERROR'),
  });
  return bundled;
}

/** Workers for all queues over the given activities, as long as `body` runs. */
export async function withWorkers<R>(
  environment: TestWorkflowEnvironment,
  activities: FakeActivities,
  body: () => Promise<R>,
): Promise<R> {
  const bundle = await workflowBundle();
  const workers = await Promise.all(
    Object.values(TASK_QUEUES).map((taskQueue) =>
      Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        maxHeartbeatThrottleInterval: '100ms',
        ...(taskQueue === TASK_QUEUES.orchestration
          ? { workflowBundle: bundle }
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
