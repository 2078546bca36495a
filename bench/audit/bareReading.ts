import { join } from 'node:path';
import { blobKey } from '../../artifacts/blobKey';
import { type Bucket, DirectoryBucket } from '../../artifacts/bucket';
import { sha256 } from '../../artifacts/canonicalJson';
import { portioned } from '../../audit/portioned';
import { inThreads } from '../../audit/threads';
import { inParallel } from '../../domain/inParallel';

/** What no verification of a folder can be faster than, in seconds. */
export interface BareReading {
  /** Reading all blobs and hashing them, in one thread. */
  hashingSeconds: number;
  /** And parsing their JSON, in a thread a core. */
  parsingSeconds: number;
}

export async function readBare(folder: string): Promise<BareReading> {
  const bucket = new DirectoryBucket(folder);
  const keys = await bucket.list(blobKey(''));
  const hashingSeconds = await secondsOf(() => hashAll(keys, bucket));
  const threads = inThreads(bucket, join(__dirname, 'parseThread.js'), parseAll);
  try {
    const parsingSeconds = await secondsOf(() =>
      inParallel(portioned(keys), threads.atOnce, ({ items }) => threads.run(items)),
    );
    return { hashingSeconds, parsingSeconds };
  } finally {
    await threads.close();
  }
}

async function hashAll(keys: readonly string[], bucket: Bucket): Promise<void> {
  for (const key of keys) sha256((await bucket.read(key)) ?? '');
}

/** Hashes blobs, and parses documents and lines of JSON. */
export async function parseAll(keys: readonly string[], bucket: Bucket): Promise<null> {
  for (const key of keys) {
    const bytes = (await bucket.read(key)) ?? Buffer.alloc(0);
    sha256(bytes);
    if (bytes[0] !== OBJECT && bytes[0] !== LIST) continue;
    for (const line of bytes.toString('utf8').split('\n')) if (line !== '') JSON.parse(line);
  }
  return null;
}

const [OBJECT, LIST] = [0x7b, 0x5b];

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
