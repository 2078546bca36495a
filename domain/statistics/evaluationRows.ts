import type { CollectedEpisode } from '../../schemas/episode';
import { CONTESTANT } from '../episode/design';
import type { EvaluationRow } from './summariseEvaluation';

/** Episodes of one contestant, as statistics see them. */
export const evaluationRows = (collected: readonly CollectedEpisode[]): EvaluationRow[] =>
  collected.map(({ task, players, scores, turns }) => {
    const position = players[0] === CONTESTANT ? 0 : 1;
    const partner = position === 0 ? 1 : 0;
    const rated = scores ? { own: scores[position], partner: scores[partner] } : null;
    return { task, position, rated, turns };
  });
