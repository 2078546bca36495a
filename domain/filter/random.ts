import { compareText, lotOf } from './order';
import type { ScoredSide } from './ratedSide';
import { shareOf, type Verdict, type Verdicts } from './verdict';

/**
 * A control that selects nothing: as many sides of each task and position as `paper-sr` keeps with the same share,
 * drawn by lot among the rated ones.
 */
export function randomDraw(
  groups: readonly ScoredSide[][],
  { share }: { share: number },
  seed: number,
): Verdicts {
  const verdicts = new Map<ScoredSide, Verdict>();
  for (const group of groups) {
    const count = shareOf(share, group.length);
    group
      .map((side) => ({ side, lot: lotOf('draw', seed, side) }))
      .sort((a, b) => compareText(a.lot, b.lot))
      .forEach(({ side }, place) => {
        const keep = place < count;
        verdicts.set(side, { keep, reason: keep ? 'drawn' : 'not-drawn', tied: false });
      });
  }
  return verdicts;
}
