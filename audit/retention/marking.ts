import { type ArtifactStore, blobKey } from '../../artifacts/artifactStore';
import { inParallel } from '../../domain/inParallel';
import type { Inventory } from './inventory';
import { referencesOf } from './references';

const READS_AT_ONCE = 16;
/** A folder of the bucket whose documents are kept for the digest in their path: what a stage or a design left. */
const FOR_A_DIGEST = /^(?:stages|checkpoints|journals|batches\/\w+)\/([0-9a-f]{64})/;

/** Finds what must be kept: all that can be reached from what is kept for its own sake. */
export class Marking {
  readonly blobs = new Set<string>();
  readonly documents = new Set<string>();
  private readonly followed = new Set<string>();
  private readonly byDigest = new Map<string, string[]>();

  constructor(
    private readonly store: ArtifactStore,
    private readonly inventory: Inventory,
    /** Says of a document that it goes, whoever names its digest. */
    private readonly goes: (key: string) => boolean,
  ) {
    for (const key of inventory.documents.keys()) {
      const digest = digestOfPath(key);
      if (digest !== null) this.byDigest.set(digest, [...(this.byDigest.get(digest) ?? []), key]);
    }
  }

  /** Marks objects and all that they lead to. @param keys of documents and blobs */
  async mark(keys: readonly string[]): Promise<void> {
    for (let wave = [...new Set(keys)]; wave.length > 0; ) {
      const found = await inParallel(wave, READS_AT_ONCE, (key) => this.visit(key));
      wave = [...new Set(found.flat())];
    }
  }

  /** Marks blobs that name nothing. */
  keep(digests: readonly string[]): void {
    for (const digest of digests) if (this.inventory.blobs.has(digest)) this.blobs.add(digest);
  }

  /** @returns keys of what is to be visited next */
  private async visit(key: string): Promise<string[]> {
    if (this.followed.has(key)) return [];
    this.followed.add(key);
    if (key.startsWith(blobKey(''))) this.blobs.add(key.slice(blobKey('').length));
    else this.documents.add(key);
    const bytes = await this.store.read(key);
    if (!bytes) return [];
    const { follow, leaves } = referencesOf(bytes);
    this.keep(leaves);
    const own = digestOfPath(key);
    return [...follow, ...(own === null ? [] : [own])].flatMap((digest) => [
      ...(this.inventory.blobs.has(digest) ? [blobKey(digest)] : []),
      ...(this.byDigest.get(digest) ?? []).filter((document) => !this.goes(document)),
    ]);
  }
}

export const digestOfPath = (key: string): string | null => FOR_A_DIGEST.exec(key)?.[1] ?? null;
