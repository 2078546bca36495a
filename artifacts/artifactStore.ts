import { readFile, stat, writeFile } from 'node:fs/promises';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { z } from 'zod';
import { type ArtifactRef, DirectoryListing, Sha256 } from '../schemas/artifact';
import { MEDIA_TYPES } from '../schemas/names';
import { blobKey } from './blobKey';
import type { Bucket, BucketSource } from './bucket';
import { canonicalJson, jsonIn, sha256 } from './canonicalJson';
import { type ArtifactStoreOptions, createS3Client } from './createS3Client';
import { explainStorageError, isNothingThere, isStatus, isUnreachable } from './explainStorageError';
import { readInChunks, uploadLargeFile } from './largeFiles';
import { type ListedObject, listObjects } from './listObjects';
import { makeBucket } from './makeBucket';
import { readObject, type StoredObject } from './readObject';
import { StorageError } from './storageError';
import { digestFile, LARGE_FILE_BYTES, type ReadObject, type TakeChunk, writeChunks } from './streams';

export { blobKey, type ListedObject };

/** What a folder's listing says of a file. */
export type BlobSize = Pick<DirectoryListing['files'][number], 'sha256' | 'bytes'>;

export interface Versioned<T> {
  value: T;
  /** Opaque; another after each change. */
  version: string;
}

/**
 * Larger blobs are looked for before they are sent: a store that refuses a conditional write may close the connection
 * while the bytes still flow, which the sender sees as a reset.
 */
const LOOK_FIRST_BYTES = 32 * 1024;

/**
 * Content-addressed blobs and a few small named documents in one bucket.
 * Blobs lie at `blobs/sha256/<digest>`; they are written once and verified at each read.
 */
export class ArtifactStore implements Bucket {
  private readonly client: S3Client;
  readonly address: string;
  readonly source: BucketSource;
  readonly bucket: string;

  constructor(options: ArtifactStoreOptions) {
    this.bucket = options.bucket;
    this.address = options.endpoint ?? `Amazon S3 (${options.region})`;
    this.source = { store: options };
    this.client = createS3Client(options);
  }

  /** Makes the bucket if it is missing. Errors: STORAGE_UNREACHABLE, STORAGE_DENIED. */
  prepare(): Promise<void> {
    return makeBucket(this.client, this.bucket).catch(this.explained('bucket'));
  }

  close(): void {
    this.client.destroy();
  }

  async putBytes(bytes: Uint8Array, name: string, mediaType: string): Promise<ArtifactRef> {
    const digest = sha256(bytes);
    const key = blobKey(digest);
    const there = bytes.byteLength > LOOK_FIRST_BYTES && (await this.exists(key));
    if (!there) await this.putOnce(key, bytes, mediaType);
    return this.reference(digest, name, mediaType, bytes.byteLength);
  }

  /** Stores a file of any size. */
  async putFile(path: string, name: string, mediaType: string): Promise<ArtifactRef> {
    const { size } = await stat(path);
    if (!(size > LARGE_FILE_BYTES)) return this.putBytes(await readFile(path), name, mediaType);
    const digest = await digestFile(path);
    const key = blobKey(digest);
    if (!(await this.exists(key))) {
      const to = { Bucket: this.bucket, Key: key };
      await uploadLargeFile(this.client, to, { path, sha256: digest, mediaType }).catch((error: unknown) => {
        if (!isStatus(error, 412)) throw this.explain(error, key);
      });
    }
    return this.reference(digest, name, mediaType, size);
  }

  putText(text: string, name: string, mediaType: string): Promise<ArtifactRef> {
    return this.putBytes(Buffer.from(text), name, mediaType);
  }

  putJson(value: unknown, name: string, mediaType: string = MEDIA_TYPES.json): Promise<ArtifactRef> {
    return this.putText(canonicalJson(value), name, mediaType);
  }

  /** JSON Lines, each line canonical. */
  putJsonLines(
    rows: readonly unknown[],
    name: string,
    mediaType: string = MEDIA_TYPES.jsonLines,
  ): Promise<ArtifactRef> {
    const text = rows.map((row) => `${canonicalJson(row)}\n`).join('');
    return this.putText(text, name, mediaType);
  }

  /** Errors: ARTIFACT_MISSING; ARTIFACT_CORRUPT when the bytes are not what the digest says. */
  async getBytes(digest: string): Promise<Buffer> {
    // What is no digest could lead anywhere in the bucket: the store is not asked for it.
    const bytes = Sha256.safeParse(digest).success ? await this.read(blobKey(digest)) : null;
    if (bytes) this.requireDigest(digest, sha256(bytes));
    return bytes ?? this.missing(digest);
  }

  /** Writes a blob of any size into a file. Errors: as of getBytes. */
  async saveBlob({ sha256: digest, bytes }: BlobSize, path: string): Promise<void> {
    if (bytes <= LARGE_FILE_BYTES) return writeFile(path, await this.getBytes(digest));
    const found = await writeChunks(path, (take) => this.readChunks(blobKey(digest), take));
    this.requireDigest(digest, found?.sha256 ?? this.missing(digest));
  }

  private missing(digest: string): never {
    throw new StorageError(
      'ARTIFACT_MISSING',
      `Blob ${digest} is not in bucket "${this.bucket}". Restore it from a copy of the bucket; only an empty bucket would make it again.`,
    );
  }

  private requireDigest(digest: string, actual: string): void {
    if (actual === digest) return;
    throw new StorageError(
      'ARTIFACT_CORRUPT',
      `Blob ${digest} in bucket "${this.bucket}" has bytes of digest ${actual}. Restore it from a copy, or delete it so that it is made again.`,
    );
  }

  async getText(ref: ArtifactRef): Promise<string> {
    return (await this.getBytes(ref.digest.sha256)).toString('utf8');
  }

  async getJson<S extends z.ZodType>(digest: string, schema: S): Promise<z.infer<S>> {
    return this.parse(await this.getBytes(digest), schema, digest);
  }

  async getJsonLines<S extends z.ZodType>(digest: string, schema: S): Promise<z.infer<S>[]> {
    const text = (await this.getBytes(digest)).toString('utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => this.parse(line, schema, digest));
  }

  getListing(directory: Pick<ArtifactRef, 'digest'>): Promise<DirectoryListing> {
    return this.getJson(directory.digest.sha256, DirectoryListing);
  }

  /** A small named document that may change: a lease, a pointer. */
  async putDocument(key: string, value: unknown): Promise<void> {
    await this.send(key, Buffer.from(canonicalJson(value)), MEDIA_TYPES.json, {});
  }

  /** Writes a named document unless it is there already; says whether it was written. */
  putDocumentOnce(key: string, value: unknown): Promise<boolean> {
    return this.putOnce(key, Buffer.from(canonicalJson(value)), MEDIA_TYPES.json);
  }

  async getDocument<S extends z.ZodType>(key: string, schema: S): Promise<z.infer<S> | null> {
    return (await this.getVersioned(key, schema))?.value ?? null;
  }

  /** A document and what tells this version of it from others. */
  async getVersioned<S extends z.ZodType>(key: string, schema: S): Promise<Versioned<z.infer<S>> | null> {
    const found = await this.readVersioned(key);
    return found && { value: this.parse(found.bytes, schema, key), version: found.version };
  }

  /**
   * Writes a document if the store still has the version that was read, or still none; says whether it did. A write
   * of which the answer was lost may count as somebody else's.
   */
  async replaceDocument(key: string, value: unknown, version: string | null): Promise<boolean> {
    const bytes = Buffer.from(canonicalJson(value));
    const condition = version === null ? { IfNoneMatch: '*' } : { IfMatch: version };
    try {
      await this.send(key, bytes, MEDIA_TYPES.json, condition);
      return true;
    } catch (error) {
      if (isStatus(error, 412) || isStatus(error, 404)) return false;
      throw error;
    }
  }

  /** Removes a named document; one that is not there is no error. */
  async removeDocument(key: string): Promise<void> {
    await this.client
      .send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }))
      .catch((error: unknown) => {
        if (!isNothingThere(error)) throw this.explain(error, key);
      });
  }

  /** Keys under a prefix, in lexical order. */
  async list(prefix: string): Promise<string[]> {
    return (await this.listWithDates(prefix)).map(({ key }) => key);
  }

  /** Objects under a prefix, in lexical order of their keys. */
  async listWithDates(prefix: string): Promise<ListedObject[]> {
    return listObjects(this.client, { Bucket: this.bucket, Prefix: prefix }).catch(this.explained(prefix));
  }

  /** The whole reference of an artifact of which the address is not kept. */
  locate({ digest, name, mediaType, bytes }: Omit<ArtifactRef, 'uri'>): ArtifactRef {
    return this.reference(digest.sha256, name, mediaType, bytes);
  }

  addressOf(digest: string): string {
    return `s3://${this.bucket}/${blobKey(digest)}`;
  }

  reference(digest: string, name: string, mediaType: string, bytes: number): ArtifactRef {
    return {
      name,
      uri: this.addressOf(digest),
      digest: { sha256: digest },
      mediaType,
      bytes,
    };
  }

  private async exists(key: string): Promise<boolean> {
    try {
      await this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }));
      return true;
    } catch (error) {
      if (isNothingThere(error)) return false;
      throw this.explain(error, key);
    }
  }

  private async putOnce(key: string, bytes: Uint8Array, mediaType: string): Promise<boolean> {
    try {
      await this.send(key, bytes, mediaType, { IfNoneMatch: '*' });
      return true;
    } catch (error) {
      // A writer that came second may see its connection closed instead of a 412.
      if (isStatus(error, 412) || (isUnreachable(error) && (await this.exists(key)))) return false;
      throw error;
    }
  }

  private async send(
    key: string,
    body: Uint8Array,
    mediaType: string,
    condition: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>,
  ): Promise<void> {
    const checksum = Buffer.from(sha256(body), 'hex').toString('base64');
    try {
      await this.client.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key: key,
          Body: body,
          ContentType: mediaType,
          ChecksumSHA256: checksum,
          ...condition,
        }),
      );
    } catch (error) {
      if (isStatus(error, 412)) throw error;
      throw this.explain(error, key);
    }
  }

  readChunks(key: string, take?: TakeChunk): Promise<ReadObject | null> {
    return readInChunks(this.client, { Bucket: this.bucket, Key: key }, take).catch(this.explained(key));
  }

  /** An object's bytes as they lie there, unverified; null when there is none. */
  async read(key: string): Promise<Buffer | null> {
    return (await this.readVersioned(key))?.bytes ?? null;
  }

  private async readVersioned(key: string): Promise<StoredObject | null> {
    try {
      return await readObject(this.client, { Bucket: this.bucket, Key: key });
    } catch (error) {
      throw this.explain(error, key);
    }
  }

  private parse<S extends z.ZodType>(json: Uint8Array | string, schema: S, where: string): z.infer<S> {
    const parsed = schema.safeParse(jsonIn(json));
    if (parsed.success) return parsed.data;
    throw new StorageError(
      'ARTIFACT_CORRUPT',
      `${where} in bucket "${this.bucket}" does not have the expected form: ${parsed.error.message}`,
    );
  }

  private explained =
    (what: string) =>
    (error: unknown): never => {
      throw this.explain(error, what);
    };

  private explain(error: unknown, what: string): StorageError {
    return explainStorageError(error, { store: this.address, what: `${this.bucket}/${what}` });
  }
}
