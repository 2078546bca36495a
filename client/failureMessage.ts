import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  WorkflowFailedError,
} from '@temporalio/client';

/** The message of the failure underneath Temporal's wrappers, with its type. */
export function failureMessage(error: unknown): string {
  let cause: unknown = error;
  while (isWrapper(cause) && cause.cause) cause = cause.cause;
  const type = cause instanceof ApplicationFailure && cause.type ? `${cause.type}: ` : '';
  return `${type}${cause instanceof Error ? cause.message : String(cause)}`;
}

const isWrapper = (error: unknown): error is Error =>
  error instanceof WorkflowFailedError ||
  error instanceof ActivityFailure ||
  error instanceof ChildWorkflowFailure;
