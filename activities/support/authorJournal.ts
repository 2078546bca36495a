import { z } from 'zod';
import { JournalEntry } from '../../domain/tasks';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { keepAlive, resumedFrom } from './heartbeat';

/** Below the second that an author takes for an answer: a killed worker costs little more than the calls in flight. */
const BEAT_EVERY_MS = 750;
/** The store is written after this many new answers; until then the heartbeat carries them, far below its limit. */
const ANSWERS_PER_SAVE = 32;

const Told = z.looseObject({ unsaved: z.array(JournalEntry) });

/** What the author answered so far, so that no attempt asks it again: in the store, and in the heartbeat until then. */
export class AuthorJournal {
  /** What the attempts before this one were answered. */
  readonly resumeFrom: readonly JournalEntry[];
  private readonly entries: JournalEntry[];
  private saved: number;
  private saving: Promise<void> = Promise.resolve();

  private constructor(
    private readonly store: ArtifactStore,
    private readonly key: string,
    stored: readonly JournalEntry[],
    told: readonly JournalEntry[],
  ) {
    const known = new Set(stored.map(nameOf));
    this.resumeFrom = [...stored, ...told.filter((entry) => !known.has(nameOf(entry)))];
    this.entries = [...this.resumeFrom];
    this.saved = stored.length;
  }

  /** @param stage its key Errors: STORAGE_*, ARTIFACT_CORRUPT. */
  static async open(store: ArtifactStore, stage: string): Promise<AuthorJournal> {
    const key = `journals/${stage}.json`;
    const stored = (await store.getDocument(key, z.array(JournalEntry))) ?? [];
    return new AuthorJournal(store, key, stored, resumedFrom(Told)?.unsaved ?? []);
  }

  get answered(): number {
    return this.entries.length;
  }

  add(entry: JournalEntry): void {
    this.entries.push(entry);
    if (this.entries.length - this.saved >= ANSWERS_PER_SAVE) void this.save().catch(() => undefined);
  }

  /** Tells what the store lacks, and how far the stage is, until the result is called. */
  keepTelling(progress: () => object): () => void {
    return keepAlive(() => ({ ...progress(), unsaved: this.entries.slice(this.saved) }), BEAT_EVERY_MS);
  }

  /** Errors: STORAGE_*. */
  save(): Promise<void> {
    const put = async () => {
      const { length } = this.entries;
      if (length === this.saved) return;
      await this.store.putDocument(this.key, this.entries.slice(0, length));
      this.saved = length;
    };
    // One that failed must not keep the next from being tried.
    this.saving = this.saving.then(put, put);
    return this.saving;
  }
}

const nameOf = ({ slot, attempt }: JournalEntry): string => `${slot}/${attempt}`;
