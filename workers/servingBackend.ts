import { join } from 'node:path';
import { BehaviourRecords } from '../activities/serving/behaviour';
import { EngineBackend } from '../activities/serving/engineBackend';
import { EnginePool } from '../activities/serving/enginePool';
import { ExternalBackend } from '../activities/serving/externalBackend';
import { ModelServer } from '../activities/serving/modelServer';
import { verifyReadsAlike } from '../activities/serving/policyFolders';
import type { ServingBackend } from '../activities/serving/servingBackend';
import { trainerEngine } from '../activities/serving/trainerEngine';
import { vllmEnvironment, vllmEngine } from '../activities/serving/vllmEngine';
import type { ExternalEndpoint } from '../activities/support/servedPolicies';
import type { TrainerRuntime } from '../activities/support/trainerProcess';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { checkoutDirectory } from './checkout';
import { ConfigurationError, type WorkerConfig } from './config';

export interface Serving {
  backend: ServingBackend;
  /** Stops engines that are only kept warm. */
  stopIdle(): Promise<void>;
}

/** Errors: ConfigurationError. */
export const externalEndpoint = (config: WorkerConfig): ExternalEndpoint | null => {
  if (config.PI_LOOP_SERVE_BACKEND !== 'external') return null;
  if (config.PI_LOOP_SERVE_URL === undefined)
    throw new ConfigurationError(
      'PI_LOOP_SERVE_BACKEND=external needs PI_LOOP_SERVE_URL, the address of the endpoint that serves policies.',
    );
  return { baseUrl: config.PI_LOOP_SERVE_URL.replace(/\/$/, ''), apiKey: config.PI_LOOP_SERVE_API_KEY };
};

/** What serves policies, as the worker's configuration says. Errors: ConfigurationError. */
export function servingBackend(
  config: WorkerConfig,
  store: ArtifactStore,
  trainer: TrainerRuntime,
  variables: Readonly<Record<string, string | undefined>>,
): Serving {
  const records = new BehaviourRecords(store);
  const external = externalEndpoint(config);
  if (external) {
    const server = new ModelServer(external.baseUrl, external.apiKey);
    return { backend: new ExternalBackend(server, records), stopIdle: async () => undefined };
  }
  const slots = config.PI_LOOP_SERVE_SLOTS;
  const ours = config.PI_LOOP_SERVE_BACKEND === 'trainer';
  const program = ours
    ? trainerEngine(trainer, config.PI_LOOP_SERVE_CONTEXT)
    : vllmEngine({
        command: config.PI_LOOP_VLLM_COMMAND,
        args: config.PI_LOOP_VLLM_ARGS.split(/\s+/).filter(Boolean),
        adapters: slots,
        context: config.PI_LOOP_SERVE_CONTEXT,
        environment: vllmEnvironment(variables),
        guard: join(checkoutDirectory(), 'deploy/shared/guard.sh'),
      });
  const pool = new EnginePool(program, {
    most: config.PI_LOOP_SERVE_ENGINES ?? (ours ? slots : 1),
    idleMs: config.PI_LOOP_SERVE_IDLE_SECONDS * 1000,
  });
  return {
    backend: new EngineBackend(pool, records, ours ? undefined : verifyReadsAlike),
    stopIdle: () => pool.stopIdle(),
  };
}
