import type { BatchInput, BatchStore } from './batchStore';
import type { EpisodeBatch } from './episodeBatch';

const KEEP_EVERY_MS = 1_000;

/**
 * Keeps what there is of a batch in the store whenever there is more: one of many that an activity works on, too much to
 * be told in its heartbeat. The result ends it.
 */
export function keepRegularly(
  batches: BatchStore,
  input: BatchInput,
  batch: EpisodeBatch,
): () => Promise<void> {
  let kept = batch.steps;
  let keeping: Promise<void> = Promise.resolve();
  const keep = async () => {
    const { steps } = batch;
    if (steps === kept) return;
    await batches.keep(input, batch.progress());
    kept = steps;
  };
  // What the store does not take now it takes the next time, or when the batch is left.
  const timer = setInterval(() => {
    keeping = keeping.then(keep).catch(() => undefined);
  }, KEEP_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await keeping;
  };
}
