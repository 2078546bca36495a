import type { Decision } from '../../schemas/filter';
import type { ScoredSide } from './ratedSide';

/** What a policy says of one side. */
export type Verdict = Pick<Decision, 'keep' | 'reason' | 'tied'>;

/** A verdict for each side of the groups a policy was given. */
export type Verdicts = ReadonlyMap<ScoredSide, Verdict>;

/**
 * Splits an ordered list after `count` sides.
 * @returns `tied` tells whether a side's goal stands on both ends of the cut, so that goal alone did not decide.
 */
export function cutAfter(ordered: readonly ScoredSide[], count: number) {
  const last = ordered[count - 1];
  const next = ordered[count];
  const split = last && next && last.goal === next.goal ? last.goal : null;
  return {
    kept: ordered.slice(0, count),
    dropped: ordered.slice(count),
    tied: (side: ScoredSide): boolean => side.goal === split,
  };
}

/** Keeps the first `count` of each group and drops the others. */
export function keepTop(
  groups: readonly ScoredSide[][],
  countOf: (group: readonly ScoredSide[]) => number,
): Verdicts {
  const verdicts = new Map<ScoredSide, Verdict>();
  for (const group of groups) {
    const { kept, dropped, tied } = cutAfter(group, countOf(group));
    for (const side of kept) verdicts.set(side, { keep: true, reason: 'top-of-task', tied: tied(side) });
    for (const side of dropped) verdicts.set(side, { keep: false, reason: 'below-top', tied: tied(side) });
  }
  return verdicts;
}

/** How many of `count` sides a share is: rounded to the nearest, halves up, and at least 1. */
export const shareOf = (share: number, count: number): number => Math.max(1, Math.round(share * count));
