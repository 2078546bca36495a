import { fullName } from '../../domain/episode/background';
import { describeUsage } from '../../domain/plan/describeUsage';
import { perceive } from '../../domain/prompts/transcript';
import { readAs } from '../../domain/prompts/viewerMarkup';
import type { Episode } from '../../schemas/episode';
import { Decision } from '../../schemas/filter';
import type { AgentProfile } from '../../schemas/profiles';
import type { Rating } from '../../schemas/rating';
import { DIMENSIONS } from '../../schemas/scores';
import { DialogueRow } from '../../schemas/training';
import { datasetsOf } from '../find/findSubjects';
import type { Archive, EpisodePlace } from '../index/archive';
import { member } from '../index/lines';
import { callOfTurn, castOf, type RecordedCall } from '../lineage/modelCall';
import { nameModel } from '../lineage/steps';
import { inputOf, outputOf } from '../readManifest';
import type { Page, Shown } from './page';

/** An episode as people read it: the situation, what was said, how it was rated and why, and what was learned from it. */
export async function showEpisode(archive: Archive, place: EpisodePlace): Promise<Shown> {
  const [episode, rating] = await Promise.all([archive.episode(place), archive.rating(place)]);
  const { task, agents } = castOf(await archive.taskSetOf(place.stage), episode);
  const uses = await usesOf(archive, place);
  const who = agents.map(
    (agent, side) => `${fullName(agent)} (side ${side}, ${nameModel(episode.models[side] ?? '')})`,
  );
  const page: Page = {
    title: `episode ${episode.id} of ${place.stage.id}`,
    facts: [
      ['scenario', readAs(task.scenario, 'judge')],
      ...agents.map((_agent, side): [string, string] => [
        who[side] ?? '',
        `goal: ${readAs(task.goals[side] ?? '', 'judge')}`,
      ]),
      ['task', `${task.id}, ${task.codename}, split ${task.split}`],
      ['episode', place.row.episode],
      ['rating', place.row.rating],
    ],
    sections: [
      { title: 'what happened', lines: transcriptOf(episode, agents) },
      ...ratingSections(rating, agents),
      { title: 'learned from', lines: uses.map(lineOfUse) },
    ],
  };
  const document = { kind: 'episode', stage: place.stage.id, row: place.row, task, episode, rating, uses };
  return { page, document };
}

/** One turn and the call that gave it. */
export async function showTurn(archive: Archive, place: EpisodePlace, number: number): Promise<Shown> {
  const episode = await archive.episode(place);
  const { agents } = castOf(await archive.taskSetOf(place.stage), episode);
  const call = await callOfTurn(archive, place, number);
  return {
    page: {
      title: `turn ${number} of episode ${episode.id} in ${place.stage.id}`,
      facts: [['said', transcriptOf(episode, agents)[number] ?? ''], ...(call ? callFacts(call) : [])],
      sections: call
        ? [
            ...call.prompt.map(({ role, content }) => ({
              title: `prompt, ${role}`,
              lines: content.split('\n'),
            })),
            { title: 'answer', lines: [call.answer ?? 'not kept'] },
          ]
        : [],
    },
    document: {
      kind: 'turn',
      stage: place.stage.id,
      episode: episode.id,
      turn: episode.turns[number] ?? null,
      call,
    },
  };
}

function callFacts({ call, promptDigest }: RecordedCall): [string, string][] {
  return [
    ['model', `${nameModel(call.model)}, answered as ${nameModel(call.snapshot)}`],
    ['cost', `${call.calls === 1 ? '1 call' : `${call.calls} calls`}, ${describeUsage(call.usage)}`],
    [
      'prompt',
      promptDigest === call.promptDigest
        ? `${call.promptDigest}; rendered again it is the same`
        : `${call.promptDigest}; rendered again it is ${promptDigest}`,
    ],
  ];
}

function transcriptOf({ turns, ending, unreadAnswer }: Episode, agents: readonly AgentProfile[]): string[] {
  const nameOf = (side: number) => (agents[side] ? fullName(agents[side]) : `side ${side}`);
  return [
    ...turns.map(({ number, speaker, action }) => `#${number} ${nameOf(speaker)} ${perceive(action)}`),
    ...(unreadAnswer === undefined ? [] : [`#${turns.length} could not be read: ${unreadAnswer}`]),
    `ended: ${ending}`,
  ];
}

function ratingSections(rating: Rating, agents: readonly AgentProfile[]): Page['sections'] {
  const by = rating.call ? ` by ${rating.call.model} (answered as ${rating.call.snapshot})` : '';
  if (rating.kind === 'unrated')
    return [{ title: `not rated: ${rating.reason}${by}`, lines: rating.answer.split('\n') }];
  return rating.scores.map((scores, side) => ({
    title: `rating of ${agents[side] ? fullName(agents[side]) : `side ${side}`}${by}`,
    lines: DIMENSIONS.map(
      (dimension) => `${dimension} ${scores[dimension]}: ${rating.reasoning[side]?.[dimension] ?? ''}`,
    ),
  }));
}

/** What a filter decided on a side of an episode, and the rows that came of it. */
interface Use {
  filter: string;
  decision: Decision;
  rows: string[];
  /** Stages that trained on the filter's rows. */
  trained: string[];
}

async function usesOf(archive: Archive, place: EpisodePlace): Promise<Use[]> {
  const index = outputOf(place.stage.manifest.statement, 'episodes');
  const filters = datasetsOf(archive).filter(
    ({ stage }) => inputOf(stage.manifest.statement, 'episodes') === index,
  );
  const uses = await Promise.all(
    filters.map(async ({ stage, dataset }) => {
      const decisions = outputOf(stage.manifest.statement, 'decisions') ?? '';
      const wanted = member('episode', place.row.id);
      const rows = await archive.rowsHolding(dataset, wanted, DialogueRow);
      return (await archive.rowsHolding(decisions, wanted, Decision)).map(
        (decision): Use => ({
          filter: stage.id,
          decision,
          rows: rows.filter(({ position }) => position === decision.position).map(({ id }) => id),
          trained: trainedOn(archive, dataset),
        }),
      );
    }),
  );
  return uses.flat();
}

const trainedOn = ({ campaign }: Archive, dataset: string): string[] =>
  campaign.stages
    .filter(({ manifest }) => inputOf(manifest.statement, 'dataset') === dataset)
    .map(({ id }) => id);

function lineOfUse({ filter, decision, rows, trained }: Use): string {
  const { position, keep, reason, rank, policy, tied } = decision;
  const verdict = `side ${position}: ${keep ? 'kept' : 'dropped'} by ${policy} in ${filter}: ${reason}${rank === null ? '' : `, rank ${rank}`}${tied ? ', a tie' : ''}`;
  if (rows.length === 0) return verdict;
  return `${verdict} → ${rows.length === 1 ? `row ${rows[0]}` : `${rows.length} rows`} → ${trained.join(', ') || 'not trained on yet'}`;
}
