/**
 * Runs `work` for each number of a range, at most `size` at once; the next starts as soon as one ends. The first
 * failure stops the start of further ones and is thrown.
 */
export async function slidingWindow<R>(
  from: number,
  to: number,
  size: number,
  work: (number: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(to - from);
  let next = from;
  const lane = async () => {
    while (next < to) {
      const number = next++;
      try {
        results[number - from] = await work(number);
      } catch (error) {
        next = to;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(size, to - from) }, lane));
  return results;
}
