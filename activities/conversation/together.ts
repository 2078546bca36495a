import { Context } from '@temporalio/activity';
import { inParallel } from '../../domain/inParallel';
import type { Batch } from '../../domain/plan/batches';

/** Works on items, `atOnce` at a time; when one fails, or the activity is to end, all stop. */
export async function together<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([Context.current().cancellationSignal, failed.signal]);
  await inParallel(items, atOnce, async (item) => {
    try {
      await work(item, signal);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
}

export const numbersOf = ({ from, to }: Batch): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
