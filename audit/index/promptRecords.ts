import type { Bucket } from '../../artifacts/bucket';
import { inParallel } from '../../domain/inParallel';
import { CollectedEpisode } from '../../schemas/episode';
import { parseJson, readBlob } from '../readBlob';

/** A prompt's first bytes, the line of its episode in the index, and the turn. */
export const DIGEST_BYTES = 8;
export const RECORD_BYTES = DIGEST_BYTES + 4 + 4;
export const READS_AT_ONCE = 48;

/** In canonical JSON calls stand in their order, and no quote inside a string is without its backslash. */
const PROMPT = /"promptDigest":"([0-9a-f]{64})"/g;

/** Whose prompts: what has said a turn was asked by another one than who judges. */
export type Whose = 'turns' | 'ratings';

/** Lines of an index, one behind the other. */
export interface IndexPortion {
  /** Digest. */
  index: string;
  /** Number of the first line. */
  from: number;
  lines: readonly string[];
  whose: Whose;
}

/** The records of the prompts of a portion, in order. Errors: ARTIFACT_*, STORAGE_*. */
export async function promptRecords(
  { index, from, lines, whose }: IndexPortion,
  bucket: Bucket,
): Promise<Uint8Array> {
  const records = await inParallel([...lines.entries()], READS_AT_ONCE, async ([line, text]) => {
    const prompts = await promptsOf(bucket, parseJson(text, CollectedEpisode, index), whose);
    return Buffer.concat(prompts.map((digest, turn) => recordOf(digest, from + line, turn)));
  });
  return Buffer.concat(records);
}

/** Digests by the numbers of the turns, then of the one that could not be read; of a rating, of the one that was made. */
export async function promptsOf(bucket: Bucket, row: CollectedEpisode, whose: Whose): Promise<string[]> {
  const text = (await readBlob(bucket, whose === 'turns' ? row.episode : row.rating)).toString('latin1');
  return [...text.matchAll(PROMPT)].map(([, digest]) => digest ?? '');
}

function recordOf(promptDigest: string, line: number, turn: number): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  record.write(promptDigest.slice(0, 2 * DIGEST_BYTES), 'hex');
  record.writeUInt32LE(line, DIGEST_BYTES);
  record.writeUInt32LE(turn, DIGEST_BYTES + 4);
  return record;
}
