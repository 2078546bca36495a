import {
  ActivityFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
  ensureTemporalFailure,
  type Payload,
  type ProtoFailure,
  RetryState,
} from '@temporalio/common';

export const toPayload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);

export const fromPayload = (payload: Payload | null | undefined): unknown =>
  payload ? defaultPayloadConverter.fromPayload(payload) : undefined;

export const fromFailure = (failure: ProtoFailure): Error =>
  defaultFailureConverter.failureToError(failure, defaultPayloadConverter);

const toFailure = (error: unknown): ProtoFailure =>
  defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);

/** As the server wraps what ended an activity. */
export function activityFailure(type: string, id: string, cause: Error): ProtoFailure {
  const message = cause instanceof CancelledFailure ? 'Activity cancelled' : 'Activity task failed';
  const state = RetryState.NON_RETRYABLE_FAILURE;
  return toFailure(new ActivityFailure(message, type, id, state, 'worker', ensureTemporalFailure(cause)));
}

/** As the server wraps what ended a child workflow. */
export function childFailure(workflowId: string, type: string, cause: Error): ProtoFailure {
  const state = RetryState.NON_RETRYABLE_FAILURE;
  return toFailure(
    new ChildWorkflowFailure('default', { workflowId, runId: '' }, type, state, ensureTemporalFailure(cause)),
  );
}
