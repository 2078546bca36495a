import { z } from 'zod';
import { ArtifactRef } from '../../schemas/artifact';
import type { ArtifactStore } from '../../artifacts/artifactStore';

/** A checkpoint that lies whole in the store: the pointer is written after all its files. */
const StoredCheckpoint = z.strictObject({ step: z.number().int(), directory: ArtifactRef });
export type StoredCheckpoint = z.infer<typeof StoredCheckpoint>;

const prefix = (key: string) => `checkpoints/${key}/`;

export async function keepCheckpoint(
  store: ArtifactStore,
  key: string,
  checkpoint: StoredCheckpoint,
): Promise<void> {
  await store.putDocumentOnce(`${prefix(key)}${String(checkpoint.step).padStart(9, '0')}.json`, checkpoint);
}

/** The newest checkpoint of a training stage, whichever attempt on whichever machine made it. */
export async function newestCheckpoint(store: ArtifactStore, key: string): Promise<StoredCheckpoint | null> {
  const newest = (await store.list(prefix(key))).at(-1);
  return newest ? store.getDocument(newest, StoredCheckpoint) : null;
}
