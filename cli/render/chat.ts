import { COMMANDS_HELP } from '../../chat/person';
import type { Scene } from '../../chat/scene';
import type { Chat } from '../../chat/talk';
import { viewOf } from '../../domain/episode/view';
import { perceive } from '../../domain/prompts/transcript';
import type { Position, Turn } from '../../schemas/episode';
import { DIMENSIONS, overallScore } from '../../schemas/scores';
import { inertLine } from './inert';
import { type Column, textTable } from './textTable';

/** What the person may know before the conversation: the other side's goal and secret are not in it. */
export function renderScene({ campaign, cast, position }: Scene): string {
  const { names, scenario, goal, backgrounds } = viewOf(cast.task, cast.agents, position);
  const other = otherThan(position);
  return [
    `Task ${cast.task.id} of campaign ${campaign}`,
    '',
    `Scenario: ${scenario}`,
    `You are ${names[position]}: ${backgrounds[position]}`,
    `Your goal: ${goal}`,
    `The policy is ${names[other]}${backgrounds[other] === '' ? ', whom you do not know' : `: ${backgrounds[other]}`}`,
    '',
    `At most ${cast.design.rules.maxTurns} turns of you both; you begin.`,
    COMMANDS_HELP,
    '',
  ].join('\n');
}

export function renderTurn({ cast, position }: Scene, { speaker, action }: Turn): string {
  const { names } = viewOf(cast.task, cast.agents, position);
  return inertLine(`${names[speaker]} ${perceive(action)}`);
}

const COLUMNS: readonly Column[] = [
  { title: 'dimension', align: 'left' },
  { title: 'you', align: 'right' },
  { title: 'policy', align: 'right' },
];

const ENDINGS = {
  left: 'somebody left',
  silence: 'both were silent',
  limit: 'all turns were taken',
  unparsable: "the policy's answer could not be read",
} as const satisfies Record<Chat['episode']['ending'], string>;

export function renderRating({ cast, position }: Scene, { episode, rating }: Chat): string {
  const { judge } = cast.design;
  const ended = `The conversation ended after ${episode.turns.length} turns: ${ENDINGS[episode.ending]}.`;
  if (rating.kind === 'unrated') {
    return `${ended}\nIt is not rated (${rating.reason}): ${inertLine(rating.answer.slice(0, 500))}`;
  }
  const other = otherThan(position);
  const [own, theirs] = [rating.scores[position], rating.scores[other]];
  const reasons = (of: Position) =>
    DIMENSIONS.map((dimension) => `  ${dimension}: ${inertLine(rating.reasoning[of][dimension] ?? '')}`);
  return [
    ended,
    `Rated by ${judge.model}${judge.simulated ? ', a simulated model: a program, no language model' : ''}.`,
    '',
    ...textTable(COLUMNS, [
      ...DIMENSIONS.map((dimension) => [dimension, String(own[dimension]), String(theirs[dimension])]),
      ['overall', overallScore(own).toFixed(2), overallScore(theirs).toFixed(2)],
    ]),
    '',
    'Why, of you:',
    ...reasons(position),
    'Why, of the policy:',
    ...reasons(other),
  ].join('\n');
}

export const renderTranscript = (scene: Scene, chat: Chat): string =>
  [
    renderScene(scene),
    ...chat.episode.turns.map((turn) => renderTurn(scene, turn)),
    '',
    renderRating(scene, chat),
    '',
  ].join('\n');

const otherThan = (position: Position): Position => (position === 0 ? 1 : 0);
