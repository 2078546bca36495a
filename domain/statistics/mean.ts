/** Arithmetic mean; throws RangeError for no values, since no number stands for "nothing was measured". */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no mean of no values');
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
