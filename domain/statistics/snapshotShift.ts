import { overallScore, type Scores } from '../../schemas/scores';
import type { SnapshotShift } from '../../schemas/snapshot';
import { mean } from './mean';
import { pairedInterval } from './pairedInterval';

/** A shift is tolerated that is surely no larger than this, in points of a score. */
export const TOLERATED_SHIFT = 0.25;

type Rated = readonly [Scores, Scores];

/** @param pairs the scores of the same episodes by the old snapshot and by the new one, at least 2. */
export function snapshotShift(pairs: readonly { before: Rated; after: Rated }[]): SnapshotShift {
  const differences = (of: (scores: Scores) => number) =>
    pairs.map(({ before, after }) => mean(after.map(of)) - mean(before.map(of)));
  return {
    episodes: pairs.length,
    goal: pairedInterval(differences(({ goal }) => goal)),
    overall: pairedInterval(differences(overallScore)),
  };
}

/** False when the goal or the overall score is surely shifted by more than is tolerated. */
export const isTolerable = ({ goal, overall }: SnapshotShift): boolean =>
  [goal, overall].every(({ low, high }) => low <= TOLERATED_SHIFT && high >= -TOLERATED_SHIFT);
