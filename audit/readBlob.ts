import type { z } from 'zod';
import { blobKey } from '../artifacts/blobKey';
import type { Bucket } from '../artifacts/bucket';
import { sha256 } from '../artifacts/canonicalJson';
import { type TakeChunk, writeChunks } from '../artifacts/streams';
import { StorageError } from '../artifacts/storageError';

/** A blob's bytes, verified. Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
export async function readBlob(bucket: Bucket, digest: string): Promise<Buffer> {
  const bytes = (await bucket.read(blobKey(digest))) ?? missing(bucket, digest);
  requireDigest(bucket, digest, sha256(bytes));
  return bytes;
}

/** Reads a blob of any size bit by bit; it is verified when all of it was taken. Errors: as of readBlob. */
export async function readBlobChunks(bucket: Bucket, digest: string, take: TakeChunk): Promise<void> {
  if (!bucket.readChunks) return void (await take(await readBlob(bucket, digest)));
  const found = await bucket.readChunks(blobKey(digest), take);
  requireDigest(bucket, digest, found?.sha256 ?? missing(bucket, digest));
}

/** Writes a blob of any size into a file. Errors: as of readBlob, and then the file is of no use. */
export const saveBlob = (bucket: Bucket, digest: string, path: string): Promise<void> =>
  writeChunks(path, (take) => readBlobChunks(bucket, digest, take));

function missing({ address }: Bucket, digest: string): never {
  throw new StorageError('ARTIFACT_MISSING', `Blob ${digest} is not in ${address}.`);
}

function requireDigest({ address }: Bucket, digest: string, actual: string): void {
  if (actual !== digest)
    throw new StorageError('ARTIFACT_CORRUPT', `Blob ${digest} in ${address} has bytes of digest ${actual}.`);
}

/** Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
export async function readJsonBlob<S extends z.ZodType>(
  bucket: Bucket,
  digest: string,
  schema: S,
): Promise<z.infer<S>> {
  return parseJson(await readBlob(bucket, digest), schema, `blob ${digest}`);
}

/** Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
export async function readJsonLinesBlob<S extends z.ZodType>(
  bucket: Bucket,
  digest: string,
  schema: S,
): Promise<z.infer<S>[]> {
  const lines = (await readBlob(bucket, digest)).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => parseJson(line, schema, `blob ${digest}`));
}

/** A named document; null when there is none. Errors: ARTIFACT_CORRUPT. */
export async function readDocument<S extends z.ZodType>(
  bucket: Bucket,
  key: string,
  schema: S,
): Promise<z.infer<S> | null> {
  const bytes = await bucket.read(key);
  return bytes && parseJson(bytes, schema, key);
}

/** Errors: ARTIFACT_CORRUPT. @param what named in the message */
export function parseJson<S extends z.ZodType>(json: Buffer | string, schema: S, what: string): z.infer<S> {
  const parsed = schema.safeParse(valueOf(json.toString()));
  if (parsed.success) return parsed.data;
  throw new StorageError(
    'ARTIFACT_CORRUPT',
    `${what} does not have the expected form: ${parsed.error.message}`,
  );
}

/** Undefined when it is no JSON, which no schema accepts that we use. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
