import type { ArtifactRef } from '../schemas/artifact';
import { type ArtifactStore, blobKey } from './artifactStore';
import { StorageError } from './storageError';

/**
 * Removes what is corrupt of a folder: blobs are written only where there is none, so bad bytes would keep out the
 * good ones that are made anew. Sound blobs stay.
 */
export async function removeCorruptFiles(store: ArtifactStore, directory: ArtifactRef): Promise<void> {
  const digest = directory.digest.sha256;
  if (await removeIfCorrupt(store, digest)) return;
  const files = await store.getListing(directory).then((listing) => listing.files, noFiles);
  for (const { sha256 } of files) await removeIfCorrupt(store, sha256);
}

/** A listing that cannot be had names no files. */
function noFiles(error: unknown): [] {
  if (error instanceof StorageError && error.code.startsWith('ARTIFACT_')) return [];
  throw error;
}

async function removeIfCorrupt(store: ArtifactStore, digest: string): Promise<boolean> {
  try {
    await store.getBytes(digest);
    return false;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code === 'ARTIFACT_MISSING') return false;
    if (error.code !== 'ARTIFACT_CORRUPT') throw error;
    await store.removeDocument(blobKey(digest));
    return true;
  }
}
