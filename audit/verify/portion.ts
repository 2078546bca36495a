import type { Bucket } from '../../artifacts/bucket';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { StorageError } from '../../artifacts/storageError';
import { inParallel } from '../../domain/inParallel';
import { Cast, trainingRows } from '../../domain/episode/trainingRows';
import { rowsOfLesson } from '../../domain/training/lessons';
import {
  type CollectedEpisode,
  type CollectionDesign,
  Episode,
  type EpisodeDesign,
  type Position,
  type TemplateName,
} from '../../schemas/episode';
import { TaskSet } from '../../schemas/profiles';
import { checkRow, type RecordedCalls } from './checkRow';
import { type BlobsRead, VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

/** Rows of one index, each with what was to be played. */
export interface RowPortion {
  kind: 'rows';
  object: string;
  players: CollectionDesign['players'];
  rows: readonly CollectedEpisode[];
  planned: readonly (EpisodeDesign | undefined)[];
}

/** What is learned from one side of an episode; episodes by their digests. */
export interface StoredLesson {
  side: readonly [string, Position];
  weight?: number;
  against?: readonly [string, Position];
}

/** What a filter's decisions teach. */
export interface LessonPortion {
  kind: 'lessons';
  /** Digest of the task set. */
  tasks: string;
  template: TemplateName;
  lessons: readonly StoredLesson[];
}

/** Episodes that can be looked at without the others. */
export type Portion = RowPortion | LessonPortion;

/** Blobs that a store is asked for beside each other; a folder gives each at once. */
const READS_AT_ONCE = 16;

/** What came of looking at a portion. All of it can pass between threads. */
export interface PortionReport extends BlobsRead {
  /** Why it was given up: kept episodes of which one cannot be read teach nothing that could be compared. */
  error: Pick<StorageError, 'code' | 'message'> | null;
  /** By row; NaN where an episode could not be read. */
  recorded: RecordedCalls[];
  /** Training rows as they are stored. */
  lines: string[];
  failures: { object: string; message: string }[];
}

/** Reads a portion's blobs and computes what they say. Errors: STORAGE_*. */
export async function examine(portion: Portion, bucket: Bucket): Promise<PortionReport> {
  const blobs = new VerifiedBlobs(bucket);
  const report = { error: null, recorded: [], lines: [], failures: [], ...readBy(blobs) };
  try {
    return { ...report, ...(await comeOf(portion, blobs)), ...readBy(blobs) };
  } catch (error) {
    // A store that does not answer is no finding, and is asked for nothing more.
    if (!(error instanceof StorageError) || error.code.startsWith('STORAGE_')) throw error;
    return { ...report, error: { code: error.code, message: error.message }, ...readBy(blobs) };
  }
}

const readBy = ({ verified, unreadable, bytes }: VerifiedBlobs): BlobsRead => ({
  verified,
  unreadable,
  bytes,
});

const comeOf = async (portion: Portion, blobs: VerifiedBlobs): Promise<Partial<PortionReport>> =>
  portion.kind === 'lessons' ? { lines: await linesOf(portion, blobs) } : comeOfRows(portion, blobs);

async function comeOfRows(
  { object, players, rows, planned }: RowPortion,
  blobs: VerifiedBlobs,
): Promise<Pick<PortionReport, 'recorded' | 'failures'>> {
  const came = await inParallel([...rows.entries()], READS_AT_ONCE, async ([index, row]) => {
    const failures: PortionReport['failures'] = [];
    const findings = { fail: (at: string, message: string) => void failures.push({ object: at, message }) };
    let recorded: RecordedCalls = { all: Number.NaN, provider: Number.NaN, tokens: new Map() };
    await whereReadable(object, findings, async () => {
      recorded = await checkRow(row, { object, players, planned: planned[index] }, blobs, findings);
    });
    return { recorded, failures };
  });
  return {
    recorded: came.map(({ recorded }) => recorded),
    failures: came.flatMap(({ failures }) => failures),
  };
}

async function linesOf({ tasks, template, lessons }: LessonPortion, blobs: VerifiedBlobs): Promise<string[]> {
  const cast = new Cast(await blobs.json(tasks, TaskSet));
  const rowsOf = async ([digest, position]: StoredLesson['side']) =>
    trainingRows(await blobs.json(digest, Episode), position, cast, template) ?? [];
  const lines = await inParallel(lessons, READS_AT_ONCE, async (lesson) => {
    const { side, against } = lesson;
    const rows = rowsOfLesson(lesson, await rowsOf(side), against ? await rowsOf(against) : null);
    return rows.map((row) => canonicalJson(row));
  });
  return lines.flat();
}
