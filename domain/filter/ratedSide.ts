import type { Position } from '../../schemas/episode';

/** One agent's side of a played episode, as a filter sees it; goal and overall are null when the judge gave none. */
export interface RatedSide {
  episode: string;
  task: string;
  position: Position;
  /** 0 … 10. */
  goal: number | null;
  /** Mean of the seven dimensions. */
  overall: number | null;
}

/** A side with a rating. */
export interface ScoredSide extends RatedSide {
  goal: number;
  overall: number;
  /** Breaks what goal and overall leave tied. */
  lot: string;
}
