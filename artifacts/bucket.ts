import { createReadStream, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ArtifactStoreOptions } from './createS3Client';
import { type ReadObject, readStream, type TakeChunk } from './streams';

/** What another thread opens a bucket with. */
export type BucketSource = { folder: string } | { store: ArtifactStoreOptions };

/** Objects to be read: a bucket behind S3, or a folder that holds one. The audit reads these and nothing else. */
export interface Bucket {
  /** For messages. */
  readonly address: string;
  /** A bucket without it can be read in the thread alone in which it was opened. */
  readonly source?: BucketSource;
  /** An object's bytes; null when there is none. */
  read(key: string): Promise<Buffer | null>;
  /** Reads an object of any size bit by bit; null when there is none. A bucket without it has none too large for `read`. */
  readChunks?(key: string, take?: TakeChunk): Promise<ReadObject | null>;
  /** Keys under a prefix, in lexical order. */
  list(prefix: string): Promise<string[]>;
}

/** A bucket's copy on a disk: an export, or the folder of an S3 server that keeps objects as files. */
export class DirectoryBucket implements Bucket {
  readonly source: BucketSource;

  constructor(readonly address: string) {
    this.source = { folder: address };
  }

  async read(key: string): Promise<Buffer | null> {
    // A bucket has many small files: each read by way of the thread pool would take several times as long.
    return this.at(key, (path) => readFileSync(path));
  }

  readChunks(key: string, take?: TakeChunk): Promise<ReadObject | null> {
    return this.at(key, (path) => readStream(createReadStream(path), take));
  }

  private async at<T>(key: string, look: (path: string) => T | Promise<T>): Promise<T | null> {
    // Nothing outside of the folder is its object.
    if (key.split('/').includes('..')) return null;
    try {
      return await look(join(this.address, key));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return null;
      throw error;
    }
  }

  async list(prefix: string): Promise<string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const root = resolve(this.address, folder);
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
        throw error;
      },
    );
    // There may be hundreds of thousands: what `path` does with each would take a second.
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `${folder}${`${parentPath}/${name}`.slice(root.length + 1)}`)
      .filter((key) => key.startsWith(prefix))
      .sort();
  }
}
