import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/activity';
import { StorageError } from '../../artifacts/storageError';
import { FAILURE_TYPES } from '../../schemas/names';

/** A failure that is being waited out. */
export interface Waiting {
  type: string;
  message: string;
}

/** Does something again and again while its failures may pass by themselves. */
export type Patience = <R>(work: () => Promise<R>) => Promise<R>;

/** The pause after the first failure; it doubles with each in a row. */
const FIRST_PAUSE_MS = 500;
/** Nobody who is away for long is asked more often than this. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Waits out rate limits and outages right here, for as long as they last, so that a conversation loses no turn and an
 * activity no attempt over them. Errors: the first failure that does not pass by itself; the signal's reason.
 * @param tell what is being waited out, or null when it is over
 */
export function createPatience(signal: AbortSignal, tell: (waiting: Waiting | null) => void): Patience {
  return async (work) => {
    for (let failures = 0; ; failures += 1) {
      try {
        const result = await work();
        if (failures > 0) tell(null);
        return result;
      } catch (error) {
        signal.throwIfAborted();
        const passing = passingFailure(error);
        if (!passing) throw error;
        tell({ type: passing.type, message: passing.message });
        const pause = spread(passing.retryAfterMs ?? pauseAfter(failures));
        await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  };
}

/** Callers who were refused together do not come back together. */
const SPREAD = 0.25;

const spread = (pause: number): number => pause * (1 + SPREAD * Math.random());

const pauseAfter = (failures: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);

function passingFailure(error: unknown): (Waiting & { retryAfterMs: number | undefined }) | null {
  if (error instanceof StorageError) {
    return FAILURE_TYPES[error.code] === 'retry'
      ? { type: error.code, message: `${error.message} It is tried again.`, retryAfterMs: undefined }
      : null;
  }
  if (!(error instanceof ApplicationFailure) || error.nonRetryable) return null;
  const { nextRetryDelay } = error;
  return {
    type: error.type ?? error.name,
    message: error.message,
    retryAfterMs: typeof nextRetryDelay === 'number' ? nextRetryDelay : undefined,
  };
}
