import type { FailureType } from '../schemas/names';

export type StorageErrorCode = Extract<FailureType, `STORAGE_${string}` | `ARTIFACT_${string}`>;

/** What the artifact store can fail with; the message says what to do. */
export class StorageError extends Error {
  override readonly name = 'StorageError';

  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
