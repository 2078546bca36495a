import type { CollectedEpisode, Position } from '../../schemas/episode';
import type { Scores } from '../../schemas/scores';

/** One agent's side of a played episode, as a filter sees it; `scores` is null when the judge gave none. */
export interface RatedSide {
  episode: string;
  task: string;
  position: Position;
  scores: Scores | null;
}

/** A side with a rating, and what it is ordered by. */
export interface ScoredSide extends RatedSide {
  /** 0 … 10. */
  goal: number;
  /** Mean of the seven dimensions. */
  overall: number;
  /** Breaks what goal and overall leave tied. */
  lot: string;
}

/** Both sides of each episode. */
export const sidesOf = (episodes: readonly CollectedEpisode[]): RatedSide[] =>
  episodes.flatMap(({ id, task, scores }) =>
    ([0, 1] as const).map((position) => ({
      episode: id,
      task,
      position,
      scores: scores === null ? null : scores[position],
    })),
  );
