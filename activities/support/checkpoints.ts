import { z } from 'zod';
import { ArtifactRef } from '../../schemas/artifact';
import type { ArtifactStore } from '../../artifacts/artifactStore';

/**
 * A checkpoint that lies whole in the store: the pointer is written after all its files. `directory` resumes the
 * training; `policy` is what can be served.
 */
const StoredCheckpoint = z.strictObject({
  step: z.number().int(),
  directory: ArtifactRef,
  policy: ArtifactRef,
});
export type StoredCheckpoint = z.infer<typeof StoredCheckpoint>;

const prefix = (key: string) => `checkpoints/${key}/`;

export async function keepCheckpoint(
  store: ArtifactStore,
  key: string,
  checkpoint: StoredCheckpoint,
): Promise<void> {
  await store.putDocumentOnce(`${prefix(key)}${String(checkpoint.step).padStart(9, '0')}.json`, checkpoint);
}

/** All checkpoints of a training stage by step, whichever attempts on whichever machines made them. */
export async function listCheckpoints(store: ArtifactStore, key: string): Promise<StoredCheckpoint[]> {
  const documents = await store.list(prefix(key));
  const found = await Promise.all(documents.map((document) => store.getDocument(document, StoredCheckpoint)));
  return found.filter((checkpoint) => checkpoint !== null);
}
