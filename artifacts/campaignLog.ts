import { logFolder, logKey } from './documentKeys';
import type { z } from 'zod';
import { Envelope, type LogHead } from '../schemas/attestation';
import { LogEntry, type NewLogEntry } from '../schemas/campaignLog';
import type { ArtifactStore } from './artifactStore';
import type { Bucket } from './bucket';
import { canonicalJson, sha256 } from './canonicalJson';
import { PAYLOAD_TYPES, payloadOf, signText } from './signing/envelope';
import type { SigningKey } from './signing/signingKey';
import { StorageError } from './storageError';

/** An entry as it lies in the bucket. */
export interface StoredEntry {
  head: LogHead;
  envelope: Envelope;
  entry: LogEntry;
}

/**
 * The append-only log of a campaign. The object of each number is written once, so of several writers one wins each
 * number, and the others go on behind it: there is one chain.
 */
export class CampaignLog {
  constructor(
    private readonly store: ArtifactStore,
    private readonly campaign: string,
    private readonly key: SigningKey,
  ) {}

  /**
   * Appends entries in their order; those that are there already, behind `after`, are not written again.
   * @param after where the writer knows the log to have been before it first tried to write these
   * @returns the log's head behind the last of them
   */
  async append(entries: readonly NewLogEntry[], after: LogHead | null): Promise<LogHead | null> {
    const written = await readLog(this.store, this.campaign, (after?.number ?? 0) + 1);
    let head = written.at(-1)?.head ?? after;
    for (const entry of entries) {
      if (written.some((one) => one.entry.id === entry.id)) continue;
      head = await this.appendOne(entry, head);
    }
    return head;
  }

  private async appendOne(entry: NewLogEntry, before: LogHead | null): Promise<LogHead> {
    for (let head = before; ; ) {
      const number = (head?.number ?? 0) + 1;
      const full: LogEntry = {
        ...entry,
        campaign: this.campaign,
        number,
        previous: head?.digest ?? null,
      };
      const envelope = signText(canonicalJson(full), PAYLOAD_TYPES.logEntry, this.key);
      if (await this.store.putDocumentOnce(logKey(this.campaign, number), envelope)) {
        return { number, digest: sha256(canonicalJson(envelope)) };
      }
      const other = await readLogEntry(this.store, this.campaign, number);
      if (other?.entry.id === entry.id) return other.head;
      head = other?.head ?? head;
    }
  }
}

/** Entries in their order from a number on, up to the first that is not there. Errors: ARTIFACT_CORRUPT. */
export async function readLog(bucket: Bucket, campaign: string, first = 1): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for (let number = first; ; number += 1) {
    const stored = await readLogEntry(bucket, campaign, number);
    if (!stored) return entries;
    entries.push(stored);
  }
}

/** An entry with the digest of its file; null when there is none. Errors: ARTIFACT_CORRUPT when it is no entry at all. */
export async function readLogEntry(
  bucket: Bucket,
  campaign: string,
  number: number,
): Promise<StoredEntry | null> {
  const key = logKey(campaign, number);
  const bytes = await bucket.read(key);
  if (!bytes) return null;
  const envelope = parse(bytes.toString('utf8'), Envelope, key);
  const entry = parse(payloadOf(envelope), LogEntry, key);
  return { head: { number, digest: sha256(bytes) }, envelope, entry };
}

/** The newest entry's place; null where nothing was written. */
export async function readLogHead(bucket: Bucket, campaign: string): Promise<LogHead | null> {
  const last = (await bucket.list(logFolder(campaign))).at(-1);
  const bytes = last === undefined ? null : await bucket.read(last);
  if (last === undefined || !bytes) return null;
  return { number: Number(/(\d+)\.json$/.exec(last)?.[1]), digest: sha256(bytes) };
}

function parse<S extends z.ZodType>(text: string, schema: S, key: string): z.infer<S> {
  const parsed = schema.safeParse(valueOf(text));
  if (parsed.success) return parsed.data;
  throw new StorageError(
    'ARTIFACT_CORRUPT',
    `${key} is no entry of a campaign's log: ${parsed.error.message}. \`pi-loop audit verify\` says what depends on it.`,
  );
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
