import { z } from 'zod';
import { inParallel } from '../../domain/inParallel';
import { CollectedEpisode } from '../../schemas/episode';
import { parseJson } from '../readBlob';
import type { Archive, EpisodePlace } from './archive';

/** A prompt's first bytes, the line of its episode in the index, and the turn. */
const DIGEST_BYTES = 8;
const RECORD_BYTES = DIGEST_BYTES + 4 + 4;
/** In place of a turn: the judge's call. */
const RATING = 0xffffffff;
const READS_AT_ONCE = 64;

/** As much of episodes and ratings as is kept: they are many. */
const Asked = z.object({ promptDigest: z.string() });
const Played = z.object({ turns: z.array(z.object({ call: Asked })), unreadCall: Asked.optional() });
const Judged = z.object({ call: Asked.optional() });

export interface PromptPlace {
  place: EpisodePlace;
  /** Null: the prompt was the judge's. */
  turn: number | null;
}

/**
 * The turns and ratings that a prompt was rendered for, by its digest's beginning. Episodes must be read once to know;
 * what is found is kept beside the copies of the indexes.
 */
export async function turnsOfPrompt(
  archive: Archive,
  prefix: string,
  tell: (text: string) => void,
): Promise<PromptPlace[]> {
  const found: PromptPlace[] = [];
  for (const { stage, index } of archive.collections) {
    const records = await archive.cache.kept(`${index}.prompts-v1`, async () => {
      tell(`reads the episodes of ${stage.id} once, to know their prompts`);
      return recordsOf(archive, index);
    });
    const wanted = linesOf(records, prefix);
    if (wanted.length === 0) continue;
    const lines = [...(await archive.lines(index)).all()];
    for (const { line, turn } of wanted) {
      const place = { stage, row: parseJson(lines[line] ?? '', CollectedEpisode, index) };
      if ((await promptDigest(archive, place, turn))?.startsWith(prefix)) found.push({ place, turn });
    }
  }
  return found;
}

async function recordsOf(archive: Archive, index: string): Promise<Buffer> {
  const lines = [...(await archive.lines(index)).all()];
  const records = await inParallel([...lines.entries()], READS_AT_ONCE, async ([line, text]) => {
    const calls = await callsOf(archive, parseJson(text, CollectedEpisode, index));
    return Buffer.concat(calls.map(({ call, turn }) => recordOf(call, line, turn)));
  });
  return Buffer.concat(records);
}

async function callsOf({ json }: Archive, row: CollectedEpisode) {
  const [episode, rating] = await Promise.all([json(row.episode, Played), json(row.rating, Judged)]);
  const all = [...episode.turns.map(({ call }) => call), episode.unreadCall];
  return [
    ...all.flatMap((call, turn) => (call ? [{ call, turn }] : [])),
    ...(rating.call ? [{ call: rating.call, turn: RATING }] : []),
  ];
}

function recordOf({ promptDigest }: z.infer<typeof Asked>, line: number, turn: number): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  record.write(promptDigest.slice(0, 2 * DIGEST_BYTES), 'hex');
  record.writeUInt32LE(line, DIGEST_BYTES);
  record.writeUInt32LE(turn, DIGEST_BYTES + 4);
  return record;
}

/** Records of which the digest begins so, as far as they keep it. */
function linesOf(records: Buffer, prefix: string): { line: number; turn: number | null }[] {
  const wanted = prefix.slice(0, 2 * DIGEST_BYTES);
  const bytes = Buffer.from(wanted.slice(0, wanted.length & ~1), 'hex');
  const found: { line: number; turn: number | null }[] = [];
  for (let at = records.indexOf(bytes); at >= 0; at = records.indexOf(bytes, at + 1)) {
    if (at % RECORD_BYTES !== 0) continue;
    const turn = records.readUInt32LE(at + DIGEST_BYTES + 4);
    found.push({ line: records.readUInt32LE(at + DIGEST_BYTES), turn: turn === RATING ? null : turn });
  }
  return found;
}

async function promptDigest(archive: Archive, place: EpisodePlace, turn: number | null) {
  if (turn === null) return (await archive.rating(place)).call?.promptDigest;
  const { turns, unreadCall } = await archive.episode(place);
  return (turns[turn]?.call ?? unreadCall)?.promptDigest;
}
