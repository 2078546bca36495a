import { bestFirst } from './order';
import type { ScoredSide } from './ratedSide';
import { cutAfter, type Verdict, type Verdicts } from './verdict';

/**
 * Every side with at least `minimumGoal`, then as many of each position: of the position with more, the best by
 * (goal, overall, lot) over all tasks stay. When one position has none, none is kept: what is left would teach one
 * side only, and the campaign's minimumRows stops it with that message.
 */
export function threshold(
  groups: readonly ScoredSide[][],
  { minimumGoal }: { minimumGoal: number },
): Verdicts {
  const verdicts = new Map<ScoredSide, Verdict>();
  const sides = groups.flat();
  const passed = ([0, 1] as const).map((position) =>
    sides.filter((side) => side.position === position && side.goal >= minimumGoal).sort(bestFirst),
  );
  const balance = Math.min(...passed.map((ordered) => ordered.length));
  for (const side of sides) verdicts.set(side, { keep: false, reason: 'below-threshold', tied: false });
  for (const ordered of passed) {
    const { kept, dropped, tied } = cutAfter(ordered, balance);
    for (const side of kept) verdicts.set(side, { keep: true, reason: 'above-threshold', tied: tied(side) });
    for (const side of dropped)
      verdicts.set(side, { keep: false, reason: 'balanced-away', tied: tied(side) });
  }
  return verdicts;
}
