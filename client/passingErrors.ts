import {
  ApplicationFailure,
  isGrpcServiceError,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';

/** What Temporal says of an update whose run has ended before it was done: the next run is to be asked. */
const RUN_ENDED = 'AcceptedUpdateCompletedWorkflow';

/** Codes of gRPC that say nothing against what was asked. */
const PASSING_CODES = new Set([
  1, // CANCELLED
  2, // UNKNOWN
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  10, // ABORTED
  13, // INTERNAL
  14, // UNAVAILABLE
]);

/** Whether the same call may succeed a moment later: a server or a worker is away, or a run has just ended. */
export function isPassing(error: unknown): boolean {
  if (error instanceof WorkflowUpdateFailedError)
    return error.cause instanceof ApplicationFailure && error.cause.type === RUN_ENDED;
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  return (
    error instanceof ServiceError && isGrpcServiceError(error.cause) && PASSING_CODES.has(error.cause.code)
  );
}
