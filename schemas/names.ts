/**
 * Names that several parts share: task queues, workflow ids, failure types, media types.
 * Free of zod, so that workflow code may import values from here without carrying zod into its sandbox.
 */

/** One task queue per resource, so that each can be scaled and limited by itself. */
export const TASK_QUEUES = {
  /** Workflow code only. */
  orchestration: 'orchestration',
  /** Short work on artifacts: filter, statistics, manifests. */
  general: 'general',
  /** Bound by model calls: authoring, episodes, ratings. */
  dialogue: 'dialogue',
  /** One training job per slot. */
  gpuTrain: 'gpu-train',
  /** One served policy per slot. */
  gpuServe: 'gpu-serve',
} as const;

export type TaskQueue = (typeof TASK_QUEUES)[keyof typeof TASK_QUEUES];

/**
 * Every way an activity may fail, with what Temporal does about it.
 * `retry` failures come back after a pause; `fatal` ones end the stage with the message, and starting the campaign
 * again goes on from the last finished stage.
 */
export const FAILURE_TYPES = {
  SPEC_INVALID: 'fatal',
  CONFIGURATION_MISSING: 'fatal',
  MODEL_UNAUTHORIZED: 'fatal',
  MODEL_NOT_FOUND: 'fatal',
  MODEL_REQUEST_REFUSED: 'fatal',
  MODEL_RATE_LIMITED: 'retry',
  MODEL_UNAVAILABLE: 'retry',
  MODEL_ANSWER_EMPTY: 'retry',
  TASKS_EXHAUSTED: 'fatal',
  TOO_MANY_UNRATED: 'fatal',
  TOO_FEW_KEPT: 'fatal',
  STORAGE_UNREACHABLE: 'retry',
  STORAGE_DENIED: 'fatal',
  ARTIFACT_MISSING: 'fatal',
  ARTIFACT_CORRUPT: 'fatal',
  TRAINER_FAILED: 'fatal',
  TRAINER_STOPPED: 'retry',
  TRAINER_DISK_FULL: 'fatal',
  TRAINER_MISSING: 'fatal',
  WORKER_DISK_FULL: 'fatal',
  POLICY_NOT_SERVED: 'retry',
  POLICY_DIGEST_MISMATCH: 'retry',
  POLICY_SERVER_FAILED: 'retry',
  POLICY_UNSERVABLE: 'fatal',
  CORPUS_UNREACHABLE: 'retry',
  CORPUS_REFUSED: 'fatal',
  CORPUS_INVALID: 'fatal',
} as const satisfies Record<string, 'retry' | 'fatal'>;

export type FailureType = keyof typeof FAILURE_TYPES;

export const FATAL_FAILURE_TYPES: readonly string[] = Object.entries(FAILURE_TYPES)
  .filter(([, kind]) => kind === 'fatal')
  .map(([type]) => type);

export const MEDIA_TYPES = {
  json: 'application/json',
  jsonLines: 'application/jsonl',
  /** The listing of a folder: its blobs by name; the digest of the listing is the digest of the folder. */
  directory: 'application/vnd.pi-loop.directory+json',
  manifest: 'application/vnd.in-toto+json',
  binary: 'application/octet-stream',
} as const;

export const campaignWorkflowId = (campaign: string) => `campaign/${campaign}`;
export const stageWorkflowId = (campaign: string, stage: string) => `campaign/${campaign}/${stage}`;
