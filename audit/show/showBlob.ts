import type { StoredEntry } from '../../artifacts/campaignLog';
import { DirectoryListing } from '../../schemas/artifact';
import { MEDIA_TYPES } from '../../schemas/names';
import type { DialogueRow } from '../../schemas/training';
import type { Archive } from '../index/archive';
import { readBlob } from '../readBlob';
import { readBy } from '../readManifest';
import type { Page, Shown } from './page';
import { valuesOf } from './showStage';

const SHOWN_LINES = 10;
const LONGEST_LINE = 400;

export interface Described {
  digest: string;
  /** What it is, such as `dataset of BC/filter`. */
  what: string;
  mediaType: string | null;
}

/** Bytes by their digest: who wrote and who read them, and the first of what they say. */
export async function showBlob(archive: Archive, { digest, what, mediaType }: Described): Promise<Shown> {
  const { stages } = archive.campaign;
  const wrote = stages.flatMap(({ id, result }) =>
    Object.entries(result.outputs).flatMap(([role, ref]) =>
      ref.digest.sha256 === digest ? [`${id} as ${role}`] : [],
    ),
  );
  const read = stages.flatMap(({ id, manifest }) =>
    readBy(manifest.statement).flatMap((one) => (one.digest === digest ? [`${id} as ${one.role}`] : [])),
  );
  const bytes = await readBlob(archive.bucket, digest);
  const content = contentOf(bytes, mediaType);
  return {
    page: {
      title: what,
      facts: [
        ['digest', digest],
        ['bytes', String(bytes.byteLength)],
        ...(mediaType === null ? [] : [['form', mediaType] satisfies [string, string]]),
        ['written by', wrote.join(', ') || 'no finished stage of this campaign'],
        ['read by', read.join(', ') || 'no finished stage of this campaign'],
      ],
      sections: [content],
    },
    document: {
      kind: 'artifact',
      what,
      digest,
      bytes: bytes.byteLength,
      mediaType,
      wrote,
      read,
      content: content.lines,
    },
  };
}

function contentOf(bytes: Buffer, mediaType: string | null): Page['sections'][number] {
  const listing = mediaType === MEDIA_TYPES.directory ? listingOf(bytes) : null;
  if (listing) {
    return {
      title: 'files',
      lines: listing.files.map(({ name, bytes: size, sha256 }) => `${name}: ${size} bytes, ${sha256}`),
    };
  }
  if (bytes.includes(0)) return { title: 'content', lines: ['not text'] };
  const lines = bytes.toString('utf8').split('\n');
  const shown = lines
    .slice(0, SHOWN_LINES)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
  return {
    title: lines.length > SHOWN_LINES ? `first ${SHOWN_LINES} of ${lines.length} lines` : 'content',
    lines: shown,
  };
}

function listingOf(bytes: Buffer): DirectoryListing | null {
  return DirectoryListing.safeParse(JSON.parse(bytes.toString('utf8'))).data ?? null;
}

/** A training row: what is learned from it, message by message. */
export function showRow(stage: string, row: DialogueRow): Shown {
  return {
    page: {
      title: `training row ${row.id} of ${stage}`,
      facts: [
        ['teaches', `side ${row.position} of episode ${row.episode}`],
        ...weightOf(row),
        ...preferenceOf(row),
      ],
      sections: row.messages.map(({ role, content }) => ({ title: role, lines: content.split('\n') })),
    },
    document: { kind: 'row', stage, row },
  };
}

const weightOf = ({ weight }: DialogueRow): [string, string][] =>
  weight === undefined ? [] : [['weight', String(weight)]];

const preferenceOf = ({ rejected }: DialogueRow): [string, string][] =>
  rejected ? [['preferred to', `side ${rejected.position} of episode ${rejected.episode}`]] : [];

/** An entry of the campaign's log. */
export function showEntry({ head, envelope, entry }: StoredEntry): Shown {
  const { campaign, number, at, actor, reason, event, previous } = entry;
  return {
    page: {
      title: `entry ${number} of the log of campaign ${campaign}: ${event.kind}`,
      facts: [
        ['digest', head.digest],
        ['behind', previous ?? 'nothing: the first'],
        ['at', at],
        ['by', actor],
        ...(reason === '' ? [] : [['why', reason] satisfies [string, string]]),
        ['signed by', envelope.signatures.map(({ keyid }) => keyid).join(', ')],
      ],
      sections: [{ title: 'event', lines: valuesOf(event) }],
    },
    document: { kind: 'entry', digest: head.digest, entry },
  };
}
