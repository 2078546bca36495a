import { join } from 'node:path';
import type { Bucket } from '../../artifacts/bucket';
import { inParallel } from '../../domain/inParallel';
import { CollectedEpisode } from '../../schemas/episode';
import { portioned } from '../portioned';
import { parseJson } from '../readBlob';
import { inThreads, type Workers } from '../threads';
import type { Archive, EpisodePlace } from './archive';
import {
  DIGEST_BYTES,
  type IndexPortion,
  promptRecords,
  promptsOf,
  READS_AT_ONCE,
  RECORD_BYTES,
  type Whose,
} from './promptRecords';

export interface PromptPlace {
  place: EpisodePlace;
  /** Null: the prompt was the judge's. */
  turn: number | null;
}

/** Makes the records of an index's portions. */
export type PromptReader = Workers<IndexPortion, Uint8Array>;

export const fastestPromptReader = (bucket: Bucket): PromptReader =>
  inThreads(bucket, join(__dirname, 'promptThread.js'), promptRecords);

/**
 * The turns or ratings that a prompt was rendered for, by its digest's beginning: those of the first stage that has
 * any. Episodes must be read once to know; what is found is kept beside the copies of the indexes.
 */
export async function turnsOfPrompt(
  archive: Archive,
  prefix: string,
  tell: (text: string) => void,
): Promise<PromptPlace[]> {
  const reader = archive.promptReader(archive.bucket);
  try {
    for (const whose of ['turns', 'ratings'] as const) {
      for (const { stage, index } of archive.collections) {
        const records = await archive.cache.kept(`${index}.prompts-of-${whose}-v1`, async () => {
          tell(
            `reads the ${whose === 'turns' ? 'episodes' : 'ratings'} of ${stage.id} once, to know their prompts`,
          );
          return recordsOf(archive, index, whose, reader);
        });
        const found = await placesOf(archive, { stage, index }, linesOf(records, prefix), prefix, whose);
        if (found.length > 0) return found;
      }
    }
    return [];
  } finally {
    await reader.close();
  }
}

async function placesOf(
  archive: Archive,
  { stage, index }: Archive['collections'][number],
  wanted: readonly { line: number; turn: number }[],
  prefix: string,
  whose: Whose,
): Promise<PromptPlace[]> {
  if (wanted.length === 0) return [];
  const lines = [...(await archive.lines(index)).all()];
  const places = await inParallel(wanted, READS_AT_ONCE, async ({ line, turn }) => {
    const row = parseJson(lines[line] ?? '', CollectedEpisode, index);
    const prompt = (await promptsOf(archive.bucket, row, whose))[turn];
    return prompt?.startsWith(prefix)
      ? [{ place: { stage, row }, turn: whose === 'turns' ? turn : null }]
      : [];
  });
  return places.flat();
}

async function recordsOf(
  archive: Archive,
  index: string,
  whose: Whose,
  reader: PromptReader,
): Promise<Buffer> {
  const portions = portioned([...(await archive.lines(index)).all()]);
  const records = await inParallel(portions, reader.atOnce, ({ from, items: lines }) =>
    reader.run({ index, from, lines, whose }),
  );
  return Buffer.concat(records);
}

/** Records of which the digest begins so, as far as they keep it. */
function linesOf(records: Buffer, prefix: string): { line: number; turn: number }[] {
  const wanted = prefix.slice(0, 2 * DIGEST_BYTES);
  const bytes = Buffer.from(wanted.slice(0, wanted.length & ~1), 'hex');
  const found: { line: number; turn: number }[] = [];
  for (let at = records.indexOf(bytes); at >= 0; at = records.indexOf(bytes, at + 1)) {
    if (at % RECORD_BYTES !== 0) continue;
    found.push({
      line: records.readUInt32LE(at + DIGEST_BYTES),
      turn: records.readUInt32LE(at + DIGEST_BYTES + 4),
    });
  }
  return found;
}
