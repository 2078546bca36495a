import type { Decision, FilterPolicy } from '../../schemas/filter';
import { codeTop1 } from './codeTop1';
import { compareText, groupsOf, lotOf } from './order';
import { paperBc } from './paperBc';
import { paperSr } from './paperSr';
import { randomDraw } from './random';
import type { RatedSide, ScoredSide } from './ratedSide';
import { threshold } from './threshold';
import type { Verdict, Verdicts } from './verdict';

/**
 * Decides which sides of a round's episodes teach.
 * Ties are decided by goal, then overall, then a lot from `seed` and the side, so the order of `sides` never matters.
 * @param sides each episode and position at most once; throws RangeError otherwise.
 * @returns one decision a side, ordered by task, position, rank (unrated last) and episode.
 */
export function filterEpisodes(sides: readonly RatedSide[], policy: FilterPolicy, seed: number): Decision[] {
  refuseRepeated(sides);
  const groups = groupsOf(sides.flatMap((side) => scored(side, seed)));
  const verdicts = verdictsOf(groups, policy, seed);
  const rated = groups.flatMap((group) =>
    group.map((side, index) => ratedDecision(side, index + 1, verdicts.get(side), policy)),
  );
  const unrated = sides.filter(isUnrated).map((side) => unratedDecision(side, policy));
  return [...rated, ...unrated].sort(
    (a, b) =>
      compareText(a.task, b.task) ||
      a.position - b.position ||
      (a.rank ?? Infinity) - (b.rank ?? Infinity) ||
      compareText(a.episode, b.episode),
  );
}

function verdictsOf(groups: readonly ScoredSide[][], policy: FilterPolicy, seed: number): Verdicts {
  switch (policy.policy) {
    case 'paper-bc':
      return paperBc(groups, policy);
    case 'paper-sr':
      return paperSr(groups, policy);
    case 'code-top1':
      return codeTop1(groups);
    case 'threshold':
      return threshold(groups, policy);
    case 'random':
      return randomDraw(groups, policy, seed);
  }
}

const isUnrated = ({ goal, overall }: RatedSide): boolean => goal === null || overall === null;

function scored(side: RatedSide, seed: number): ScoredSide[] {
  const { goal, overall } = side;
  return goal === null || overall === null ? [] : [{ ...side, goal, overall, lot: lotOf('tie', seed, side) }];
}

function ratedDecision(
  { episode, task, position, goal, overall }: ScoredSide,
  rank: number,
  verdict: Verdict | undefined,
  { policy }: FilterPolicy,
): Decision {
  if (!verdict) throw new Error(`Filter ${policy} passed over position ${position} of episode ${episode}.`);
  return { episode, task, position, ...verdict, rank, goal, overall, policy };
}

const unratedDecision = ({ episode, task, position }: RatedSide, { policy }: FilterPolicy): Decision => ({
  episode,
  task,
  position,
  keep: false,
  reason: 'unrated',
  rank: null,
  goal: null,
  overall: null,
  policy,
  tied: false,
});

function refuseRepeated(sides: readonly RatedSide[]): void {
  const seen = new Set<string>();
  for (const { episode, position } of sides) {
    const key = `${position} ${episode}`;
    if (seen.has(key)) throw new RangeError(`Position ${position} of episode ${episode} is given twice.`);
    seen.add(key);
  }
}
