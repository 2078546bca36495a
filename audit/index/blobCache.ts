import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Bucket } from '../../artifacts/bucket';
import { sha256 } from '../../artifacts/canonicalJson';
import { readBlob } from '../readBlob';

/** Room for the indexes of some campaigns of 100,000 episodes. */
const LIMIT_BYTES = 4 * 2 ** 30;

/** `PI_LOOP_CACHE`, else the user's cache directory; copies of the audit lie in a folder of their own. */
export function auditCacheFolder(variables: NodeJS.ProcessEnv = process.env): string {
  const base = variables['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(variables['PI_LOOP_CACHE'] || join(base, 'pi-loop'), 'audit');
}

/**
 * Blobs of a bucket that questions are answered from, kept as files by their digests. What a digest names never
 * changes, so no copy is ever stale; what is missing, or has other bytes by now, comes from the bucket.
 */
export class BlobCache {
  /** @param folder null: nothing is kept */
  constructor(
    private readonly bucket: Bucket,
    private readonly folder: string | null,
    private readonly limitBytes = LIMIT_BYTES,
  ) {}

  /** Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
  bytes(digest: string): Promise<Buffer> {
    return this.kept(
      digest,
      () => readBlob(this.bucket, digest),
      (known) => sha256(known) === digest,
    );
  }

  /** What is made from a blob, kept beside it. @param name with the blob's digest in it, and of what form this is */
  async kept(
    name: string,
    make: () => Promise<Buffer>,
    isWhole: (known: Buffer) => boolean = () => true,
  ): Promise<Buffer> {
    if (this.folder === null) return make();
    const path = join(this.folder, name);
    const known = await readFile(path).catch(() => null);
    if (known && isWhole(known)) {
      await utimes(path, new Date(), new Date()).catch(() => undefined);
      return known;
    }
    const made = await make();
    // Without a cache everything still works: a full disk or a folder of somebody else is no error.
    await this.keep(this.folder, name, made).catch(() => undefined);
    return made;
  }

  private async keep(folder: string, name: string, bytes: Buffer): Promise<void> {
    if (bytes.byteLength > this.limitBytes) return;
    await mkdir(folder, { recursive: true });
    const incoming = join(folder, `${name}.${randomUUID()}.incoming`);
    try {
      await writeFile(incoming, bytes);
      await rename(incoming, join(folder, name));
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
    await this.removeOldest(folder);
  }

  private async removeOldest(folder: string): Promise<void> {
    const names = await readdir(folder);
    const files = await Promise.all(
      names.map(async (name) => ({ path: join(folder, name), ...(await sizeAndUse(join(folder, name))) })),
    );
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { path, bytes } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.limitBytes) return;
      await rm(path, { force: true });
      total -= bytes;
    }
  }
}

const sizeAndUse = (path: string): Promise<{ bytes: number; used: number }> =>
  stat(path).then(
    ({ size, mtimeMs }) => ({ bytes: size, used: mtimeMs }),
    () => ({ bytes: 0, used: 0 }),
  );
