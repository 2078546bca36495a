import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { removeCorruptFiles } from '../../artifacts/corruptBlobs';
import { fetchDirectory } from '../../artifacts/directories';
import { StorageError } from '../../artifacts/storageError';
import type { TrainingHistory } from '../../domain/training/epochs';
import { StoredCheckpoint, TrainingEpoch, type TrainingPoint } from '../../schemas/checkpoint';

/** A checkpoint that cannot be resumed; the message is the reason. */
export class DamagedCheckpoint extends Error {}

/** All that is in the store of a training stage, whichever attempts on whichever machines made it. */
export async function readHistory(store: ArtifactStore, key: string): Promise<TrainingHistory> {
  const names = await store.list(folder(key));
  const epochs = names.filter((name) => name.startsWith(epochKey(key, '')));
  const claims = await Promise.all(epochs.map((name) => store.getDocument(name, TrainingEpoch)));
  return {
    epochs: claims.filter((claim) => claim !== null),
    points: names.flatMap((name) => pointOf(name.slice(folder(key).length))),
  };
}

/** Claims an epoch unless somebody was faster; says whether it is ours. */
export const claimEpoch = (store: ArtifactStore, key: string, claim: TrainingEpoch): Promise<boolean> =>
  store.putDocumentOnce(epochKey(key, claim.epoch), claim);

/** The claims after one. */
export async function epochsAfter(
  store: ArtifactStore,
  key: string,
  epoch: number,
): Promise<TrainingEpoch[]> {
  const names = await store.list(epochKey(key, ''));
  const newer = names.filter((name) => name > epochKey(key, epoch));
  const claims = await Promise.all(newer.map((name) => store.getDocument(name, TrainingEpoch)));
  return claims.filter((claim) => claim !== null);
}

export async function putCheckpoint(
  store: ArtifactStore,
  key: string,
  checkpoint: StoredCheckpoint,
): Promise<void> {
  await store.putDocumentOnce(checkpointKey(key, checkpoint), checkpoint);
}

/** @throws {StorageError} ARTIFACT_MISSING, ARTIFACT_CORRUPT */
export async function getCheckpoint(
  store: ArtifactStore,
  key: string,
  point: TrainingPoint,
): Promise<StoredCheckpoint> {
  const name = checkpointKey(key, point);
  const checkpoint = await store.getDocument(name, StoredCheckpoint);
  if (checkpoint) return checkpoint;
  throw new StorageError('ARTIFACT_MISSING', `${name} is not in bucket "${store.bucket}" any more.`);
}

/**
 * Brings a checkpoint to this machine, every byte verified. Bytes that are corrupt leave the store, so that training
 * makes them anew. @returns its folder @throws {DamagedCheckpoint}
 */
export async function fetchCheckpoint(
  store: ArtifactStore,
  key: string,
  point: TrainingPoint,
  directory: string,
  signal: AbortSignal,
): Promise<string> {
  const checkpoint = await orDamaged(() => getCheckpoint(store, key, point));
  const fetched = await orDamaged(
    () => fetchDirectory(store, checkpoint.directory, directory, signal),
    () => removeCorruptFiles(store, checkpoint.directory),
  );
  // By this name the trainer knows a checkpoint, even one that lacks the file that would tell.
  const target = join(directory, `checkpoint-${point.step}`);
  await rename(fetched, target);
  return target;
}

async function orDamaged<R>(work: () => Promise<R>, repair = async () => {}): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StorageError) || !error.code.startsWith('ARTIFACT_')) throw error;
    await repair();
    throw new DamagedCheckpoint(`${error.code}: ${error.message}`);
  }
}

const folder = (key: string): string => `checkpoints/${key}/`;

const epochKey = (key: string, epoch: number | ''): string =>
  `${folder(key)}epochs/${epoch === '' ? '' : `${padded(epoch, 6)}.json`}`;

const checkpointKey = (key: string, { epoch, step }: TrainingPoint): string =>
  `${folder(key)}${epoch === 0 ? '' : `${padded(epoch, 6)}/`}${padded(step, 9)}.json`;

/** By the name alone: a document that cannot be read is found out when it is wanted. */
function pointOf(name: string): TrainingPoint[] {
  const [, epoch = '0', step] = /^(?:(\d+)\/)?(\d+)\.json$/.exec(name) ?? [];
  return step === undefined ? [] : [{ epoch: Number(epoch), step: Number(step) }];
}

const padded = (number: number, digits: number): string => String(number).padStart(digits, '0');
