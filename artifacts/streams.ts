import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** Above this a file is not held in memory: Node reads none above 2 GiB at once, and S3 takes none above 5 GiB. */
export const LARGE_FILE_BYTES = 64 * 1024 * 1024;

/** What was read of an object that nobody holds as a whole. */
export interface ReadObject {
  sha256: string;
  bytes: number;
}

export type TakeChunk = (chunk: Buffer) => Promise<unknown>;

/** Reads all of a stream of bytes. */
export async function readStream(
  stream: AsyncIterable<Buffer | string>,
  take?: TakeChunk,
): Promise<ReadObject> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    await take?.(chunk);
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Hex SHA-256 of a file of any size. */
export async function digestFile(path: string): Promise<string> {
  return (await readStream(createReadStream(path))).sha256;
}

/** Writes into a file what is read chunk by chunk. @returns what `read` does */
export async function writeChunks<R>(path: string, read: (take: TakeChunk) => Promise<R>): Promise<R> {
  const file = await open(path, 'w');
  try {
    return await read((chunk) => file.writeFile(chunk));
  } finally {
    await file.close();
  }
}
