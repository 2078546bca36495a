import { StorageError } from '../../artifacts/storageError';

/** Checks content where its blobs can be read: those that cannot are failures of their own already. */
export async function whereReadable(check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}
