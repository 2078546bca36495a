import { StorageError } from '../../artifacts/storageError';

/** How work on a store ends: the code of its error, or `no error`. */
export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof StorageError ? error.code : error),
  );
