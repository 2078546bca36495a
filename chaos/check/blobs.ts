import { type ArtifactStore, blobKey } from '../../artifacts/artifactStore';
import { StorageError } from '../../artifacts/storageError';
import { inParallel } from '../../domain/inParallel';
import { DirectoryListing } from '../../schemas/artifact';
import { MEDIA_TYPES } from '../../schemas/names';
import { READS_AT_ONCE, type StoredStage } from './storedStages';

/** No manifest names a missing blob, or one whose bytes are not what its digest says. @returns what is wrong */
export async function checkBlobs(store: ArtifactStore, stages: readonly StoredStage[]): Promise<string[]> {
  const stored = (await store.list(blobKey(''))).map((key) => key.slice(blobKey('').length));
  const wrong = await inParallel(stored, READS_AT_ONCE, (digest) => damageOf(store, digest));
  const there = new Set(stored);
  const missing = await inParallel(stages, READS_AT_ONCE, async ({ id, read, wrote, result }) => {
    const named = [...read, ...wrote, ...Object.values(result.outputs)];
    const folders = named.filter(({ mediaType }) => mediaType === MEDIA_TYPES.directory);
    const files = await Promise.all(
      folders
        .filter(({ digest }) => there.has(digest.sha256))
        .map(async ({ digest }) => (await store.getJson(digest.sha256, DirectoryListing)).files),
    );
    const digests = [
      ...named.map(({ digest }) => digest.sha256),
      ...files.flat().map(({ sha256 }) => sha256),
    ];
    return [...new Set(digests)]
      .filter((digest) => !there.has(digest))
      .map((digest) => `stage "${id}" names blob ${digest}, which is not there`);
  });
  return [...wrong.flat(), ...missing.flat()];
}

async function damageOf(store: ArtifactStore, digest: string): Promise<string[]> {
  try {
    await store.getBytes(digest);
    return [];
  } catch (error) {
    if (error instanceof StorageError && error.code === 'ARTIFACT_CORRUPT') return [error.message];
    throw error;
  }
}
