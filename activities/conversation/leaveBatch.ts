import { Context } from '@temporalio/activity';
import type { BatchInput, BatchStore } from './batchStore';
import type { EpisodeBatch } from './episodeBatch';
import { createPatience } from './patience';

/**
 * Leaves what there is of a batch in the store, for the attempt that goes on with it. A pause or a parked stage comes
 * without a next attempt that would know what was told, so the store is waited for: its answers were paid for. Where
 * Temporal has begun another attempt, or is about to since the worker stops, nothing waits.
 */
export async function leaveBatch(batches: BatchStore, input: BatchInput, batch: EpisodeBatch): Promise<void> {
  const { cancellationDetails: why } = Context.current();
  if (why?.notFound) return;
  const keep = () => batches.keep(input, batch.progress());
  const { signal: endless } = new AbortController();
  const patiently = createPatience(endless, (waiting) => batch.wait(input.from, waiting));
  // What made the batch end is told, not that it could not be kept as well.
  await (why?.workerShutdown ? keep() : patiently(keep)).catch(() => undefined);
}
