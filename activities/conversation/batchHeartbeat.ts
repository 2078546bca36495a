import { Context } from '@temporalio/activity';
import { BatchProgress, StoredProgress } from '../../schemas/batch';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { resumedFrom } from '../support/heartbeat';
import type { EpisodeBatch } from './episodeBatch';

/** Below the second that a fast model takes for a turn: a killed worker costs an episode at most one answered call. */
const BEAT_EVERY_MS = 750;
/** With nothing new to tell, a beat only says that the worker lives. */
const ALIVE_EVERY_MS = 2_000;
/** Temporal warns of payloads above 512 KiB and refuses 2 MiB; what is larger goes by way of the store. */
const LARGEST_INLINE_CHARACTERS = 200_000;

/** What the last attempt at this batch told, or null when it told nothing. Errors: STORAGE_*, ARTIFACT_*. */
export async function progressOfLastAttempt(
  store: ArtifactStore,
  { design, from }: { design: string; from: number },
): Promise<BatchProgress | null> {
  const stored = resumedFrom(StoredProgress);
  const told = stored ? await store.getJson(stored.stored, BatchProgress) : resumedFrom(BatchProgress);
  return told?.design === design && told.from === from ? told : null;
}

/** Tells Temporal how far a batch is as long as it runs; the result ends it, with one last beat. */
export function keepTelling(store: ArtifactStore, batch: EpisodeBatch): () => Promise<void> {
  const context = Context.current();
  let told = -1;
  // Of a clock that nobody sets: after a jump back of another, no beat would be due for as long.
  let toldAt = 0;
  let details: unknown = context.info.heartbeatDetails;
  let telling: Promise<void> | null = null;

  // A beat without details would take back what was told before.
  const beat = () => {
    toldAt = performance.now();
    context.heartbeat(details);
  };
  const isDue = () => performance.now() - toldAt >= ALIVE_EVERY_MS;
  const tell = async () => {
    const { steps } = batch;
    if (steps === told && !isDue()) return;
    const progress = batch.progress();
    details = batch.openCharacters <= LARGEST_INLINE_CHARACTERS ? progress : await putAside(store, progress);
    told = steps;
    beat();
  };
  // A store that is away, or that says nothing, must not keep the beats from saying that the worker lives.
  const tellNext = () => {
    if (telling && isDue()) beat();
    telling ??= tell()
      .catch(beat)
      .finally(() => (telling = null));
    return telling;
  };
  const tellRegularly = () => {
    void tellNext();
    timer = setInterval(() => void tellNext(), BEAT_EVERY_MS);
  };
  void tellNext();
  // Batches begin together: were all told of at once, every conversation of the worker would wait for it.
  let timer = setTimeout(tellRegularly, BEAT_EVERY_MS * Math.random());
  return async () => {
    clearInterval(timer);
    await telling;
    await tellNext();
  };
}

async function putAside(store: ArtifactStore, progress: BatchProgress): Promise<StoredProgress> {
  const { digest } = await store.putJson(progress, 'batch-progress.json');
  return { stored: digest.sha256 };
}
