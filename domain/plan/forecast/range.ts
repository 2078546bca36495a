/** What is to be expected, and between what bounds. */
export interface Range {
  low: number;
  expected: number;
  high: number;
}

export const LEVELS = ['low', 'expected', 'high'] as const;
export type Level = (typeof LEVELS)[number];

export const range = (at: (level: Level) => number): Range => ({
  low: at('low'),
  expected: at('expected'),
  high: at('high'),
});

export const exactly = (value: number): Range => range(() => value);

export const sumRanges = (ranges: readonly Range[]): Range =>
  range((level) => ranges.reduce((sum, one) => sum + one[level], 0));

export const productOf = (a: Range, b: Range): Range => range((level) => a[level] * b[level]);
