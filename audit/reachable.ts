import type { Bucket } from '../artifacts/bucket';
import { blobKey } from '../artifacts/artifactStore';
import { inParallel } from '../domain/inParallel';

const READS_AT_ONCE = 16;
const OPENS_JSON = new Set(['{'.charCodeAt(0), '['.charCodeAt(0)]);
const DIGEST = /[0-9a-f]{64}/g;

/**
 * All blobs of the bucket that some text leads to, by the digests that stand in it and in what they lead to: whatever an
 * artifact names in whatever place is found, and sometimes more.
 * @param texts documents to begin with
 * @returns digests, sorted
 */
export async function reachableBlobs(bucket: Bucket, texts: readonly string[]): Promise<string[]> {
  const prefix = blobKey('');
  const there = new Set((await bucket.list(prefix)).map((key) => key.slice(prefix.length)));
  const found = new Set<string>();
  let next = named(texts);
  while (next.length > 0) {
    const fresh = [...new Set(next)].filter((digest) => there.has(digest) && !found.has(digest));
    for (const digest of fresh) found.add(digest);
    next = (await inParallel(fresh, READS_AT_ONCE, (digest) => namedByBlob(bucket, digest))).flat();
  }
  return [...found].sort();
}

const named = (texts: readonly string[]): string[] => texts.flatMap((text) => text.match(DIGEST) ?? []);

/** Weights name nothing. A signed document names what its payload does. */
async function namedByBlob(bucket: Bucket, digest: string): Promise<string[]> {
  const bytes = await bucket.read(blobKey(digest));
  if (!bytes || !OPENS_JSON.has(bytes[0] ?? 0)) return [];
  const text = bytes.toString('utf8');
  return named([text, ...payloads(text)]);
}

/** Texts in the envelopes of a document. */
export const payloads = (text: string): string[] =>
  [...text.matchAll(/"payload":"([A-Za-z0-9+/=]+)"/g)].map(([, payload]) =>
    Buffer.from(payload ?? '', 'base64').toString('utf8'),
  );
