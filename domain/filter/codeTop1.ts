import type { ScoredSide } from './ratedSide';
import { keepTop, type Verdicts } from './verdict';

/** What sotopia-pi's published code does: the best side of each task and position by (goal, overall). */
export const codeTop1 = (groups: readonly ScoredSide[][]): Verdicts => keepTop(groups, () => 1);
