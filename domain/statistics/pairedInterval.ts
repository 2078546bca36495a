import tDistribution from '@stdlib/stats-base-dists-t-cdf';
import type { Interval } from '../../schemas/evaluation';
import { mean } from './mean';

const TAIL = 0.025;
const PRECISION = 1e-9;

/**
 * Mean of paired differences with its 95 % interval by Student's t.
 * @param differences one a pair, at least 2: one pair tells nothing of their spread.
 */
export function pairedInterval(differences: readonly number[]): Interval {
  const pairs = differences.length;
  const average = mean(differences);
  if (pairs < 2) throw new RangeError('an interval needs two pairs');
  const squares = differences.reduce((sum, difference) => sum + (difference - average) ** 2, 0);
  const margin = quantile(pairs - 1) * Math.sqrt(squares / (pairs - 1) / pairs);
  return { mean: average, low: average - margin, high: average + margin };
}

/** What t stays below with 97.5 %, found by halving: the distribution comes without its inverse. */
function quantile(degrees: number): number {
  let [low, high] = [0, 13];
  while (high - low > PRECISION) {
    const middle = (low + high) / 2;
    if (tDistribution(-middle, degrees) > TAIL) low = middle;
    else high = middle;
  }
  return high;
}
