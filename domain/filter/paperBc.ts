import type { ScoredSide } from './ratedSide';
import { cutAfter, type Verdict, type Verdicts } from './verdict';

/**
 * The paper's filter for behaviour cloning (§4, appendix): the best `top` of each task and position by goal; of the
 * others, both agents of an episode iff each has more than min(local mean, global mean). The local mean is that of the
 * side's own task and position, the global mean that of all rated sides.
 */
export function paperBc(groups: readonly ScoredSide[][], { top }: { top: number }): Verdicts {
  const above = sidesAboveMean(groups);
  const bothAbove = (side: ScoredSide) => above.get(side.episode)?.size === 2;
  const verdicts = new Map<ScoredSide, Verdict>();
  for (const group of groups) {
    const { kept, dropped, tied } = cutAfter(group, top);
    for (const side of kept) verdicts.set(side, { keep: true, reason: 'top-of-task', tied: tied(side) });
    for (const side of dropped) {
      const keep = bothAbove(side);
      verdicts.set(side, {
        keep,
        reason: keep ? 'both-above-mean' : 'below-mean',
        // A side that the means let in is kept whichever way the tie for the top falls.
        tied: !keep && tied(side),
      });
    }
  }
  return verdicts;
}

/** The positions of each episode whose goal is above the lower of the two means. */
function sidesAboveMean(groups: readonly ScoredSide[][]): ReadonlyMap<string, ReadonlySet<number>> {
  const globalMean = meanGoal(groups.flat());
  const above = new Map<string, Set<number>>();
  for (const group of groups) {
    const bar = Math.min(meanGoal(group), globalMean);
    for (const { episode, position, goal } of group) {
      if (goal > bar) above.set(episode, (above.get(episode) ?? new Set<number>()).add(position));
    }
  }
  return above;
}

const meanGoal = (sides: readonly ScoredSide[]): number =>
  sides.reduce((sum, side) => sum + side.goal, 0) / sides.length;
