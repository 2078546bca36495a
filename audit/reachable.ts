import type { Bucket } from '../artifacts/bucket';
import { blobKey } from '../artifacts/blobKey';
import { inParallel } from '../domain/inParallel';
import { type References, referencesOf } from './retention/references';

const READS_AT_ONCE = 16;

/**
 * All blobs of the bucket that some documents lead to, by the digests that stand in them and in what they lead to:
 * whatever an artifact names in whatever place is found, and sometimes more.
 * @returns digests, sorted
 */
export async function reachableBlobs(bucket: Bucket, documents: readonly Buffer[]): Promise<string[]> {
  const prefix = blobKey('');
  const there = new Set((await bucket.list(prefix)).map((key) => key.slice(prefix.length)));
  const found = new Set<string>();
  for (let wave = documents.map(referencesOf); wave.length > 0; ) {
    const next = wave
      .flatMap(({ follow }) => follow)
      .filter((digest) => there.has(digest) && !found.has(digest));
    for (const digest of wave.flatMap(({ leaves }) => leaves)) if (there.has(digest)) found.add(digest);
    for (const digest of next) found.add(digest);
    wave = await inParallel([...new Set(next)], READS_AT_ONCE, async (digest): Promise<References> => {
      const bytes = await bucket.read(blobKey(digest));
      return bytes ? referencesOf(bytes) : { follow: [], leaves: [] };
    });
  }
  return [...found].sort();
}
