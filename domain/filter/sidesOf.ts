import type { CollectedEpisode, Position } from '../../schemas/episode';
import { overallScore } from '../../schemas/scores';
import type { RatedSide } from './ratedSide';

const POSITIONS = [0, 1] as const satisfies readonly Position[];

/** Both sides of each episode, as a filter sees them. */
export const sidesOf = (episodes: readonly CollectedEpisode[]): RatedSide[] =>
  episodes.flatMap(({ id, task, scores }) =>
    POSITIONS.map((position) => ({
      episode: id,
      task,
      position,
      goal: scores ? scores[position].goal : null,
      overall: scores ? overallScore(scores[position]) : null,
    })),
  );
