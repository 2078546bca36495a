import { S3ServiceException } from '@aws-sdk/client-s3';
import { StorageError } from './storageError';

interface Asked {
  /** Address of the store. */
  store: string;
  /** Bucket and key. */
  what: string;
}

/** What an error of the S3 client means and what to do. */
export function explainStorageError(error: unknown, { store, what }: Asked): StorageError {
  if (error instanceof Error && error.name === 'CredentialsProviderError') {
    return new StorageError(
      'STORAGE_DENIED',
      `There is no key for the S3 store ${store}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and S3_ENDPOINT for a store of your own.`,
      { cause: error },
    );
  }
  if (isClockSkewed(error)) {
    return new StorageError(
      'STORAGE_UNREACHABLE',
      `The clocks of this machine and of the S3 store ${store} are too far apart (${error.message}). From now on the store's time is gone by; set the clock that is wrong.`,
      { cause: error },
    );
  }
  if (isDenied(error)) {
    return new StorageError(
      'STORAGE_DENIED',
      `The S3 store ${store} refuses access to ${what}. Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the bucket's policy.`,
      { cause: error },
    );
  }
  // The same words whatever was asked for: an outage meets hundreds of calls, and is told once.
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return new StorageError(
    'STORAGE_UNREACHABLE',
    `The S3 store ${store} does not answer (${reason}). Check S3_ENDPOINT and that the store is up.`,
    { cause: error },
  );
}

export const isStatus = (error: unknown, status: number): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;

/** After a jump of a clock. The client learns the store's time from this very answer, and signs by it the next time. */
const isClockSkewed = (error: unknown): error is S3ServiceException =>
  error instanceof S3ServiceException && error.name === 'RequestTimeTooSkewed';

/** VersityGW says 404 of a key that it does not know, where S3 says 403. */
const isDenied = (error: unknown): boolean =>
  isStatus(error, 401) ||
  isStatus(error, 403) ||
  (error instanceof S3ServiceException && error.name === 'XAdminUserNotFound');

/** Not every 404 says so: a missing bucket or an unknown access key says nothing about the object. */
export const isNothingThere = (error: unknown): boolean =>
  error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound');

export const isUnreachable = (error: unknown): boolean =>
  error instanceof StorageError && error.code === 'STORAGE_UNREACHABLE';
