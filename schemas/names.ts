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
 * Every way an activity may fail, with what is done about it.
 * `retry`: tried again after a pause. `probe`: the stage is parked and tried again by itself from time to time, since
 * the cause lies outside and may go away. `park`: the stage is parked until a person acts. Nothing made is lost by any.
 */
export const FAILURE_TYPES = {
  SPEC_INVALID: 'park',
  CONFIGURATION_MISSING: 'probe',
  MODEL_UNAUTHORIZED: 'probe',
  MODEL_NOT_FOUND: 'probe',
  MODEL_REQUEST_REFUSED: 'park',
  MODEL_SNAPSHOT_CHANGED: 'probe',
  MODEL_RATE_LIMITED: 'retry',
  MODEL_QUOTA_EXHAUSTED: 'probe',
  MODEL_UNAVAILABLE: 'retry',
  MODEL_ANSWER_EMPTY: 'retry',
  CALLS_EXHAUSTED: 'park',
  MONEY_EXHAUSTED: 'park',
  TASKS_EXHAUSTED: 'park',
  TOO_MANY_UNRATED: 'park',
  TOO_FEW_KEPT: 'park',
  STORAGE_UNREACHABLE: 'retry',
  STORAGE_DENIED: 'probe',
  ARTIFACT_MISSING: 'probe',
  ARTIFACT_CORRUPT: 'probe',
  TRAINER_FAILED: 'park',
  TRAINER_DIVERGED: 'park',
  TRAINER_OUT_OF_MEMORY: 'park',
  TRAINER_QUANTISATION_UNAVAILABLE: 'park',
  TRAINER_GPU_MISSING: 'probe',
  TRAINER_HARDWARE: 'retry',
  TRAINER_STOPPED: 'retry',
  TRAINER_DISK_FULL: 'probe',
  TRAINER_MISSING: 'probe',
  WORKER_DISK_FULL: 'probe',
  POLICY_WEIGHTS_MISSING: 'park',
  POLICY_UNCHANGED: 'park',
  POLICY_NOT_SERVED: 'retry',
  POLICY_DIGEST_MISMATCH: 'retry',
  POLICY_SERVER_FAILED: 'retry',
  POLICY_UNSERVABLE: 'park',
  RUN_STILL_OPEN: 'retry',
  HISTORY_MISSING: 'park',
  CORPUS_UNREACHABLE: 'retry',
  CORPUS_REFUSED: 'probe',
  CORPUS_INVALID: 'park',
} as const satisfies Record<string, 'retry' | 'probe' | 'park'>;

export type FailureType = keyof typeof FAILURE_TYPES;

const typesThat = (kind: (typeof FAILURE_TYPES)[FailureType]): readonly string[] =>
  Object.entries(FAILURE_TYPES).flatMap(([type, what]) => (what === kind ? [type] : []));

/** Failures that an activity does not come back from by itself: its stage is parked. */
export const PARKING_FAILURE_TYPES: readonly string[] = [...typesThat('probe'), ...typesThat('park')];
/** Of these, the ones that may go away without the campaign's doing. */
export const PROBED_FAILURE_TYPES: readonly string[] = typesThat('probe');

export const MEDIA_TYPES = {
  json: 'application/json',
  jsonLines: 'application/jsonl',
  /** The listing of a folder: its blobs by name; the digest of the listing is the digest of the folder. */
  directory: 'application/vnd.pi-loop.directory+json',
  manifest: 'application/vnd.in-toto+json',
  /** A manifest in its signed envelope (DSSE). */
  signedManifest: 'application/vnd.dsse.envelope.v1+json',
  /** Temporal's history of one run of a workflow, as the SDK's JSON. */
  history: 'application/vnd.pi-loop.history.v1+json',
  binary: 'application/octet-stream',
  // Forms of our own. The version is raised with a change that readers must know of; they read all versions before.
  plan: 'application/vnd.pi-loop.plan.v2+json',
  tasks: 'application/vnd.pi-loop.tasks.v1+json',
  taskReport: 'application/vnd.pi-loop.task-report.v1+json',
  design: 'application/vnd.pi-loop.design.v1+json',
  episode: 'application/vnd.pi-loop.episode.v1+json',
  rating: 'application/vnd.pi-loop.rating.v1+json',
  episodes: 'application/vnd.pi-loop.episodes.v1+jsonl',
  decisions: 'application/vnd.pi-loop.decisions.v1+jsonl',
  dataset: 'application/vnd.pi-loop.dataset.v1+jsonl',
  checkpoints: 'application/vnd.pi-loop.checkpoints.v1+json',
  checkpointScores: 'application/vnd.pi-loop.checkpoint-scores.v1+json',
  evaluation: 'application/vnd.pi-loop.evaluation.v1+json',
  results: 'application/vnd.pi-loop.results.v1+json',
} as const;

export const campaignWorkflowId = (campaign: string) => `campaign/${campaign}`;
/** @param run id of the campaign's run of which the history is kept */
export const archiveWorkflowId = (campaign: string, run: string) => `campaign/${campaign}/archive/${run}`;
export const stageWorkflowId = (campaign: string, stage: string) => `campaign/${campaign}/${stage}`;
