import { ApplicationFailure } from '@temporalio/activity';
import { FAILURE_TYPES, type FailureType } from '../../schemas/names';

interface FailureOptions {
  /** What went wrong underneath; kept in the history without its stack's paths mattering to anyone. */
  cause?: unknown;
  /** When the other side said how long to wait. */
  retryAfterMs?: number | undefined;
  /** True when the other side did not do what it would ask money for, and says so. */
  unpaid?: boolean;
}

const UNPAID = 'unpaid';

/** Whether a call that failed costs nothing for sure. */
export const isUnpaid = (error: unknown): boolean =>
  error instanceof ApplicationFailure && (error.details?.includes(UNPAID) ?? false);

/** The same failure, where the other side may ask money all the same. */
export function perhapsPaid(error: unknown): unknown {
  if (!isUnpaid(error)) return error;
  const { message, type, nonRetryable, nextRetryDelay } = error as ApplicationFailure;
  return ApplicationFailure.create({
    message,
    ...(type && { type }),
    nonRetryable: nonRetryable ?? false,
    ...(nextRetryDelay !== undefined && { nextRetryDelay }),
  });
}

/** What an error says of itself, or of what is underneath it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}

/**
 * The only place where activities make failures. The message says what happened, to what, and what to do; whether
 * Temporal retries is a property of the type.
 */
export function failure(
  type: FailureType,
  message: string,
  options: FailureOptions = {},
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: FAILURE_TYPES[type] !== 'retry',
    ...(options.unpaid ? { details: [UNPAID] } : {}),
    ...(options.cause instanceof Error ? { cause: options.cause } : {}),
    ...(options.retryAfterMs === undefined ? {} : { nextRetryDelay: options.retryAfterMs }),
  });
}
