/** Large enough that its way between threads costs nothing, small enough that all threads end together. */
const EPISODES_IN_PORTION = 500;

/** Items some hundreds at a time, with the place of the first. */
export const portioned = <T>(items: readonly T[]): { from: number; items: T[] }[] =>
  Array.from({ length: Math.ceil(items.length / EPISODES_IN_PORTION) }, (_, portion) => {
    const from = portion * EPISODES_IN_PORTION;
    return { from, items: items.slice(from, from + EPISODES_IN_PORTION) };
  });
