import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** Objects to be read: a bucket behind S3, or a folder that holds one. The audit reads these and nothing else. */
export interface Bucket {
  /** For messages. */
  readonly address: string;
  /** An object's bytes; null when there is none. */
  read(key: string): Promise<Buffer | null>;
  /** Keys under a prefix, in lexical order. */
  list(prefix: string): Promise<string[]>;
}

/** A bucket's copy on a disk: an export, or the folder of an S3 server that keeps objects as files. */
export class DirectoryBucket implements Bucket {
  constructor(readonly address: string) {}

  async read(key: string): Promise<Buffer | null> {
    const path = join(this.address, key);
    if (relative(this.address, path).split(sep)[0] === '..') return null;
    try {
      // A bucket has many small files: each read by way of the thread pool would take several times as long.
      return readFileSync(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return null;
      throw error;
    }
  }

  async list(prefix: string): Promise<string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const entries = await readdir(join(this.address, folder), { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
        throw error;
      },
    );
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.address, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((key) => key.startsWith(prefix))
      .sort();
  }
}
