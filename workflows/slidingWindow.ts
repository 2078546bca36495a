import { CancellationScope } from '@temporalio/workflow';

/**
 * Runs `work` for each number of a range, at most `size` at once; the next starts as soon as one ends. The first
 * failure stops the start of further ones and cancels those under way; it is thrown when all of them have ended.
 */
export async function slidingWindow<R>(
  from: number,
  to: number,
  size: number,
  work: (number: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(to - from);
  const scope = new CancellationScope();
  let next = from;
  let failed = false;
  let failure: unknown;
  const lane = async () => {
    while (next < to) {
      const number = next++;
      try {
        results[number - from] = await work(number);
      } catch (error) {
        if (!failed) failure = error;
        failed = true;
        next = to;
        scope.cancel();
      }
    }
  };
  await scope.run(() => Promise.all(Array.from({ length: Math.min(size, to - from) }, lane)));
  if (failed) throw failure;
  return results;
}
