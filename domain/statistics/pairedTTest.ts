import tDistribution from '@stdlib/stats-base-dists-t-cdf';
import { mean } from './mean';

/** Differences of scores below this are rounding, not play: scores are means of integers. */
const ROUNDING = 1e-9;

/**
 * Two-sided p of a paired t-test: how often a mean difference at least this large would come up if there were none.
 * Where t is not defined: all differences 0 → 1; all differences alike but not 0 → 0; fewer than two pairs → 1,
 * since one pair is evidence of nothing.
 * @param differences one a pair.
 */
export function pairedTTest(differences: readonly number[]): number {
  const pairs = differences.length;
  if (pairs < 2) return 1;
  const average = mean(differences);
  if (differences.every((difference) => Math.abs(difference - average) < ROUNDING)) {
    return Math.abs(average) < ROUNDING ? 1 : 0;
  }
  const squares = differences.reduce((sum, difference) => sum + (difference - average) ** 2, 0);
  const standardError = Math.sqrt(squares / (pairs - 1) / pairs);
  return 2 * tDistribution(-Math.abs(average / standardError), pairs - 1);
}
