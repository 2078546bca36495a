import type { ScoredSide } from './ratedSide';
import { keepTop, shareOf, type Verdicts } from './verdict';

/**
 * The paper's filter for self-reinforcement: the best share of each task and position, by rank within the task alone.
 * The share is of the rated sides, rounded to the nearest (halves up), at least one: 0.2 of 10 is 2, of 4 is 1.
 */
export const paperSr = (groups: readonly ScoredSide[][], { share }: { share: number }): Verdicts =>
  keepTop(groups, (group) => shareOf(share, group.length));
