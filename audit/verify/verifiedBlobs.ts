import type { z } from 'zod';
import { blobKey } from '../../artifacts/blobKey';
import type { Bucket } from '../../artifacts/bucket';
import { sha256 } from '../../artifacts/canonicalJson';
import { StorageError } from '../../artifacts/storageError';
import { parseJson } from '../readBlob';

export type BlobsRead = Pick<VerifiedBlobs, 'verified' | 'unreadable' | 'bytes'>;

/** Reads blobs, and hashes each once, however many checks read it. */
export class VerifiedBlobs {
  /** Digests of what was read and is whole. */
  readonly verified = new Set<string>();
  /** Digests of what was asked for, and is missing or damaged. */
  readonly unreadable = new Set<string>();
  /** Hashed so far. */
  bytes = 0;

  constructor(private readonly bucket: Bucket) {}

  /** Takes over what others have read. */
  add({ verified, unreadable, bytes }: BlobsRead): void {
    for (const digest of verified) this.verified.add(digest);
    for (const digest of unreadable) this.unreadable.add(digest);
    this.bytes += bytes;
  }

  /** Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
  async read(digest: string): Promise<Buffer> {
    const bytes = (await this.bucket.read(blobKey(digest))) ?? this.missing(digest);
    if (!this.verified.has(digest)) this.verify(digest, sha256(bytes), bytes.byteLength);
    return bytes;
  }

  /** For what is too large to be held, and is not given back. Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
  async check(digest: string): Promise<null> {
    if (this.verified.has(digest)) return null;
    if (!this.bucket.readChunks) return this.read(digest).then(() => null);
    const found = (await this.bucket.readChunks(blobKey(digest))) ?? this.missing(digest);
    this.verify(digest, found.sha256, found.bytes);
    return null;
  }

  private missing(digest: string): never {
    this.unreadable.add(digest);
    throw new StorageError('ARTIFACT_MISSING', `Blob ${digest} is missing.`);
  }

  private verify(digest: string, actual: string, bytes: number): void {
    this.bytes += bytes;
    if (actual !== digest) {
      this.unreadable.add(digest);
      throw new StorageError('ARTIFACT_CORRUPT', `The bytes of blob ${digest} have the digest ${actual}.`);
    }
    this.verified.add(digest);
  }

  /** Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
  async json<S extends z.ZodType>(digest: string, schema: S): Promise<z.infer<S>> {
    return parseJson(await this.read(digest), schema, `blob ${digest}`);
  }

  /** Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
  async jsonLines<S extends z.ZodType>(digest: string, schema: S): Promise<z.infer<S>[]> {
    const lines = (await this.read(digest)).toString('utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => parseJson(line, schema, `blob ${digest}`));
  }
}
