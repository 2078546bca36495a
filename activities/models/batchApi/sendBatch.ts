import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/activity';
import type { ModelBatch } from '../../../schemas/modelBatch';
import { type BatchRecord, isSent, type SentBatch } from './batchRecord';
import type { ProviderBatches } from './providerBatches';

/** How often the record is looked at while another worker sends a batch. */
const LOOK_EVERY_MS = 2_000;

interface Sending {
  record: BatchRecord;
  provider: ProviderBatches;
  /** Whoever has not sent a batch this long after he said so is gone. */
  goneAfterMs: number;
}

/**
 * Sends a batch that is on record, and records the provider's name of it. @returns null where it was taken from the
 * record meanwhile Errors: MODEL_*, STORAGE_*. Where it may have arrived all the same, it stays on record.
 */
export async function sendBatch(
  { record, provider }: Sending,
  { id }: ModelBatch,
  lines: readonly string[],
): Promise<SentBatch | null> {
  const takeBack = async (error: unknown) => {
    await record.move(id, () => null);
    throw error;
  };
  const file = await provider.upload(id, lines).catch(takeBack);
  const { id: batch } = await provider.create(id, file).catch((error: unknown) => {
    if (mayHaveArrived(error)) throw error;
    return takeBack(error);
  });
  const moved = await record.move(id, ({ state }) =>
    state.is === 'sending' ? { is: 'sent', batch } : state,
  );
  // Who took it away, or sent it as well, had given this worker up.
  const sent = moved && isSent(moved) ? moved : null;
  if (sent?.state.batch !== batch) await provider.cancel(batch);
  return sent;
}

/** Waits until a batch that some worker sends has been sent; @returns null where that worker is gone and it was not. */
export async function untilSent(
  { record, provider, goneAfterMs }: Sending,
  batch: ModelBatch,
  signal: AbortSignal,
): Promise<SentBatch | null> {
  for (let seen: ModelBatch | undefined = batch; seen; seen = await record.find(batch.id)) {
    if (seen.state.is !== 'sending') return { ...seen, state: seen.state };
    const since = new Date(seen.state.seen);
    const left = since.getTime() + goneAfterMs - Date.now();
    if (left <= 0) {
      const found = await provider.find(batch.id, since);
      const moved = await record.move(batch.id, ({ state }) => {
        if (state.is !== 'sending') return state;
        return found && { is: 'sent', batch: found.id };
      });
      return moved && isSent(moved) ? moved : null;
    }
    await delay(Math.min(left, LOOK_EVERY_MS), undefined, { signal, ref: false });
  }
  return null;
}

/** The provider did not say that it refuses. */
const mayHaveArrived = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === 'MODEL_UNAVAILABLE';
