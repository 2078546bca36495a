import { inParallel } from '../../domain/inParallel';
import { CollectedEpisode } from '../../schemas/episode';
import { parseJson, readBlob } from '../readBlob';
import type { Archive, EpisodePlace } from './archive';

/** A prompt's first bytes, the line of its episode in the index, and the turn. */
const DIGEST_BYTES = 8;
const RECORD_BYTES = DIGEST_BYTES + 4 + 4;
const READS_AT_ONCE = 48;

/** In canonical JSON calls stand in their order, and no quote inside a string is without its backslash. */
const PROMPT = /"promptDigest":"([0-9a-f]{64})"/g;

export interface PromptPlace {
  place: EpisodePlace;
  /** Null: the prompt was the judge's. */
  turn: number | null;
}

/** Whose prompts: what has said a turn was asked by another one than who judges. */
type Whose = 'turns' | 'ratings';

/**
 * The turns or ratings that a prompt was rendered for, by its digest's beginning: those of the first stage that has
 * any. Episodes must be read once to know; what is found is kept beside the copies of the indexes.
 */
export async function turnsOfPrompt(
  archive: Archive,
  prefix: string,
  tell: (text: string) => void,
): Promise<PromptPlace[]> {
  for (const whose of ['turns', 'ratings'] as const) {
    for (const { stage, index } of archive.collections) {
      const records = await archive.cache.kept(`${index}.prompts-of-${whose}-v1`, async () => {
        tell(
          `reads the ${whose === 'turns' ? 'episodes' : 'ratings'} of ${stage.id} once, to know their prompts`,
        );
        return recordsOf(archive, index, whose);
      });
      const found = await placesOf(archive, { stage, index }, linesOf(records, prefix), prefix, whose);
      if (found.length > 0) return found;
    }
  }
  return [];
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
    const prompt = (await promptsOf(archive, row, whose))[turn];
    return prompt?.startsWith(prefix)
      ? [{ place: { stage, row }, turn: whose === 'turns' ? turn : null }]
      : [];
  });
  return places.flat();
}

async function recordsOf(archive: Archive, index: string, whose: Whose): Promise<Buffer> {
  const lines = [...(await archive.lines(index)).all()];
  const records = await inParallel([...lines.entries()], READS_AT_ONCE, async ([line, text]) => {
    const prompts = await promptsOf(archive, parseJson(text, CollectedEpisode, index), whose);
    return Buffer.concat(prompts.map((digest, turn) => recordOf(digest, line, turn)));
  });
  return Buffer.concat(records);
}

/** Digests by the numbers of the turns, then of the one that could not be read; of a rating, of the one that was made. */
async function promptsOf({ bucket }: Archive, row: CollectedEpisode, whose: Whose): Promise<string[]> {
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
