import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { failure } from '../activities/support/failures';
import { StorageError } from '../artifacts/storageError';

/** Gives errors of the artifact store the failure type that says whether an activity is tried again. */
export function failureInterceptor(): { inbound: ActivityInboundCallsInterceptor } {
  return {
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          if (error instanceof StorageError) throw failure(error.code, error.message, { cause: error });
          throw error;
        }
      },
    },
  };
}
