import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { failure } from '../activities/support/failures';
import { StorageError } from '../artifacts/storageError';
import { FAILURE_TYPES } from '../schemas/names';

/** Gives errors of the artifact store and of the disk the failure type that says whether an activity is tried again. */
export function failureInterceptor(scratch: string): { inbound: ActivityInboundCallsInterceptor } {
  return {
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          throw typed(error, scratch);
        }
      },
    },
  };
}

function typed(error: unknown, scratch: string): unknown {
  if (error instanceof StorageError) {
    const again = FAILURE_TYPES[error.code] === 'retry' ? ' It is tried again.' : '';
    return failure(error.code, `${error.message}${again}`, { cause: error });
  }
  if (!isSystemError(error)) return error;
  if (FULL.has(error.code)) {
    return failure(
      'WORKER_DISK_FULL',
      `The worker's disk has no room left (${error.message}). Free space in ${scratch} (PI_LOOP_SCRATCH; its folder policies may be deleted), or name another folder.`,
    );
  }
  if (CLOSED.has(error.code) && error.path !== undefined) {
    return failure(
      'CONFIGURATION_MISSING',
      `The worker may not write where it works (${error.message}). Give it a folder of its own by PI_LOOP_SCRATCH, now ${scratch}.`,
    );
  }
  return error;
}

/** No space, no quota, a limit on the size of files. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const CLOSED = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

const isSystemError = (error: unknown): error is NodeJS.ErrnoException & { code: string } =>
  error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
