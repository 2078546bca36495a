import { describeUsage } from '../../domain/plan/describeUsage';
import { perceive } from '../../domain/prompts/transcript';
import type { Episode } from '../../schemas/episode';
import { Decision } from '../../schemas/filter';
import type { Rating } from '../../schemas/rating';
import { overallScore } from '../../schemas/scores';
import { short } from '../find/subject';
import type { Archive, EpisodePlace } from '../index/archive';
import { member } from '../index/lines';
import { hasTurn, type RecordedCall } from './modelCall';
import { ChoiceError, type LineageNode, node } from './node';

/** Single steps as nodes: how each is worded is the same up and down. */

export function decisionNode(
  { episode, position, keep, reason, rank, goal, policy, tied }: Decision,
  next: LineageNode[],
): LineageNode {
  const verdict = keep ? 'kept' : 'dropped';
  const ranked = rank === null ? '' : `, rank ${rank} of its task and position`;
  const by = goal === null ? '' : ` by goal ${goal}`;
  const text = `${verdict} by ${policy}: ${reason}${ranked}${by}${tied ? ', a tie' : ''}`;
  return node('decision', `${episode}/${position}`, text, next);
}

export function ratingNode({ row }: EpisodePlace, rating: Rating, next: LineageNode[]): LineageNode {
  const by = rating.call ? ` by ${rating.call.model}` : '';
  const text =
    rating.kind === 'rated'
      ? `${rating.scores
          .map(
            (side, position) =>
              `side ${position}: goal ${side.goal}, overall ${overallScore(side).toFixed(2)}`,
          )
          .join(' · ')}${by}`
      : `unrated: ${rating.reason}${by}`;
  return node('rating', row.rating, text, next);
}

export function episodeNode(
  { stage, row }: EpisodePlace,
  episode: Episode,
  next: LineageNode[],
): LineageNode {
  const text = `${row.id} in ${stage.id}: ${episode.turns.length} turns, ${nameModel(episode.models[0])} and ${nameModel(episode.models[1])}, ended: ${episode.ending}`;
  return node('episode', row.episode, text, next);
}

/** Errors: ChoiceError when the episode has no such turn. */
export function turnNode(
  place: EpisodePlace,
  episode: Episode,
  number: number,
  next: LineageNode[],
): LineageNode {
  const turn = episode.turns[number];
  if (!hasTurn(episode, number))
    throw new ChoiceError(
      `Episode ${place.row.id} has ${episode.turns.length} turns, from 0; none is ${number}.`,
    );
  const text = turn
    ? `side ${turn.speaker} ${perceive(turn.action)}`
    : `an answer that could not be read: ${JSON.stringify(episode.unreadAnswer ?? '')}`;
  return node('turn', `${idOf(place)}#${number}`, text, next);
}

/** All evaluations play the same episodes: there only a digest tells which is meant. */
const idOf = ({ stage, row }: EpisodePlace): string =>
  stage.kind === 'collectEpisodes' ? row.id : short(row.episode);

export function callNode({ call, prompt, promptDigest, answer }: RecordedCall): LineageNode {
  const same = promptDigest === call.promptDigest;
  const snapshot = call.snapshot === call.model ? '' : `, answered as ${call.snapshot}`;
  return node(
    'call',
    call.promptDigest,
    `${nameModel(call.model)}${snapshot}, ${call.calls === 1 ? '1 call' : `${call.calls} calls`}, ${describeUsage(call.usage)}`,
    [],
    [
      ...prompt.map(({ role, content }) => `${role}: ${content}`),
      ...(answer === null ? [] : [`answer: ${answer}`]),
      same
        ? 'prompt rendered again: its digest is the one that was kept ✓'
        : `prompt rendered again: its digest is ${short(promptDigest)}, not the kept one ✗`,
    ],
  );
}

/** `policy:<digest>` cut; other names as they are. */
export const nameModel = (model: string): string =>
  model.startsWith('policy:') ? `policy ${short(model.slice('policy:'.length))}` : model;

/** Decisions of an episode's sides, of each filter that saw it. */
export async function decisionsOf(archive: Archive, digest: string, episode: string): Promise<Decision[]> {
  return archive.rowsHolding(digest, member('episode', episode), Decision);
}
