import type { Server } from './externalServices';
import type { LocalRuntimeError } from './localRuntimeError';
import type { WorkerProcess, workerPart } from './parts';
import type { RuntimeRecord } from './stateDirectory';
import type { PartEvent } from './supervisedPart';

export interface LocalRuntimeOptions {
  /** Folder of the database, buckets, logs and credentials; two runtimes cannot share one. */
  stateDirectory: string;
  /** A port to take or be refused; without one the usual port, or the next free one. */
  ports?: Partial<Record<Server, number | undefined>>;
  /** Worker processes and their queues. Default: one with all queues. An empty list starts none. */
  workers?: readonly WorkerProcess[];
  /** Makes the program of a worker. Default: workers/main.js. Tests put another program there. */
  workerPart?: typeof workerPart;
  /** Default: this process's environment. TEMPORAL_ADDRESS, S3_ENDPOINT, PI_LOOP_SIMULATOR_URL replace a part. */
  environment?: NodeJS.ProcessEnv;
  /** Told of whatever happens to a part. */
  onEvent?: (event: PartEvent) => void;
  /** Calls a start off; what is started by then is stopped. */
  signal?: AbortSignal;
}

export interface LocalRuntime {
  readonly record: RuntimeRecord;
  /** True when another process runs it: stop() then leaves it alone. */
  readonly attached: boolean;
  /** Variables for clients and workers, credentials included. */
  readonly environment: Record<string, string>;
  /** Resolves when a part has died too often to go on; never, otherwise. The runtime is then to be stopped. */
  readonly failed: Promise<LocalRuntimeError>;
  /** Ends all parts in order: workers, simulator, S3, Temporal. @param force kills what is left when aborted */
  stop(force?: AbortSignal): Promise<void>;
}
