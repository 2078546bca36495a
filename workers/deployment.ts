import type { WorkerOptions } from '@temporalio/worker';
import { version } from '../package.json';
import type { WorkerConfig } from './config';

/**
 * Tells versions of workflow code apart where the cluster keeps workers of several versions (Temporal's worker
 * deployments): a campaign that works stays with the version it began a run with, one that waits goes with the current
 * version. Without a deployment's name there is one version, the newest, and every campaign goes on with it.
 */
export function deploymentOptions({
  PI_LOOP_DEPLOYMENT: deploymentName,
  PI_LOOP_COMMIT: commit,
}: Pick<WorkerConfig, 'PI_LOOP_DEPLOYMENT' | 'PI_LOOP_COMMIT'>): Pick<
  WorkerOptions,
  'workerDeploymentOptions'
> {
  if (deploymentName === undefined) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId: commit ? `${version}+${commit}` : version },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  };
}
