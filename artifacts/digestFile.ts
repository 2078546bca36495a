import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Above this a file is not held in memory: Node reads none above 2 GiB at once, and S3 takes none above 5 GiB. */
export const LARGE_FILE_BYTES = 64 * 1024 * 1024;

/** Hex SHA-256 of a file of any size. */
export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}
