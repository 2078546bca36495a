import { Evaluation, Results } from '../../schemas/evaluation';
import type { Stage } from '../../schemas/plan';
import { short, type Subject } from '../find/subject';
import type { Archive } from '../index/archive';
import type { AuditedStage } from '../readCampaign';
import { inputOf, outputOf } from '../readManifest';
import { callOfRating, callOfTurn, judgeOf } from './modelCall';
import { type Chosen, type LineageNode, node } from './node';
import { callNode, episodeNode, ratingNode, turnNode } from './steps';
import { chainOfRows, rowChain } from './upRows';

/** What something came from, down to a model's raw call. */
export async function lineageUp(archive: Archive, subject: Subject, chosen: Chosen): Promise<LineageNode> {
  switch (subject.kind) {
    case 'score':
      return scoreUp(archive, subject.policy, subject.metric, chosen);
    case 'stage':
    case 'manifest':
      return stageUp(archive, subject.stage, chosen);
    case 'artifact':
    case 'file':
      return stageUp(archive, subject.stage, chosen, subject.role);
    case 'row':
      return rowChain(archive, subject.stage, subject.row, chosen.turn);
    case 'episode':
    case 'rating': {
      const { place } = subject;
      const [episode, rating] = await Promise.all([archive.episode(place), archive.rating(place)]);
      const judged = await callOfRating(archive, place);
      const call = await callOfTurn(archive, place, chosen.turn ?? 0);
      const turn = turnNode(place, episode, chosen.turn ?? 0, call ? [callNode(call)] : []);
      const played = episodeNode(place, episode, [turn, ...(await playersUp(archive, place.stage))]);
      if (subject.kind === 'episode') return played;
      return ratingNode(place, rating, [...(judged ? [callNode(judged)] : []), played]);
    }
    case 'turn': {
      const { place, number } = subject;
      const episode = await archive.episode(place);
      const call = await callOfTurn(archive, place, number);
      const players = await playersUp(archive, place.stage);
      return turnNode(place, episode, number, [
        ...(call ? [callNode(call)] : []),
        episodeNode(place, episode, players),
      ]);
    }
    case 'round': {
      const stage = archive.campaign.stages.find(({ id }) => id === `${subject.name}/train`);
      return stage ? stageUp(archive, stage, chosen) : node('round', subject.name, 'has trained nothing yet');
    }
    case 'plan':
      return node('plan', subject.digest, `the plan of campaign ${archive.campaign.id}`);
    case 'entry':
      return node(
        'entry',
        subject.entry.head.digest,
        `entry ${subject.entry.head.number} of the campaign's log`,
      );
    case 'blob':
      return node('blob', subject.digest, 'no finished stage of the campaign wrote it');
  }
}

/** Score → results → evaluation → policy and so on. */
async function scoreUp(
  archive: Archive,
  policy: string,
  metric: string,
  chosen: Chosen,
): Promise<LineageNode> {
  const results = archive.campaign.stages.find(({ kind }) => kind === 'compareEvaluations');
  const evaluation = archive.campaign.stages.find(({ id }) => id === `evaluate/${policy}`);
  const digest = results && outputOf(results.manifest.statement, 'results');
  const evaluated = evaluation
    ? await stageUp(archive, evaluation, chosen, 'evaluation')
    : node('evaluation', null, 'not finished yet');
  if (!results || digest === undefined) return node('score', policy, 'no results yet', [evaluated]);
  const { all } = await archive.json(digest, Results);
  const interval = all.policies.find((one) => one.policy === policy)?.metrics[metric];
  const score = interval
    ? `${metric} ${interval.mean.toFixed(2)} [${interval.low.toFixed(2)}, ${interval.high.toFixed(2)}]`
    : `${metric} unknown`;
  const table = node(
    'results',
    digest,
    `the table of ${all.policies.length} policies, by stage ${results.id}`,
    [evaluated],
  );
  return node('score', policy, `${score} in campaign ${archive.campaign.id}`, [table]);
}

/** The stage that made something, and the stages before it. @param role of its outputs, which one is meant */
async function stageUp(
  archive: Archive,
  stage: AuditedStage,
  chosen: Chosen,
  role = mainOutput(stage),
): Promise<LineageNode> {
  if (stage.kind === 'filterEpisodes') return chainOfRows(archive, stage, chosen);
  const digest = outputOf(stage.manifest.statement, role) ?? null;
  const text = `${role} of ${stage.id}: ${await describe(archive, stage)}`;
  return node(
    stage.kind === 'trainPolicy' ? 'checkpoint' : role,
    digest,
    text,
    chainLast(await sourcesOf(archive, stage, chosen)),
  );
}

/** What ends here comes before what leads on. */
const chainLast = (nodes: readonly LineageNode[]): LineageNode[] => [
  ...nodes.filter(({ next }) => next.length === 0),
  ...nodes.filter(({ next }) => next.length > 0),
];

/** A stage is named by the output that the next ones read. */
export function mainOutput({ kind, result }: AuditedStage): string {
  const main: Partial<Record<string, string>> = {
    filterEpisodes: 'dataset',
    evaluatePolicy: 'evaluation',
    trainPolicy: 'policy',
    chooseCheckpoint: 'policy',
    prepareTasks: 'tasks',
  };
  return main[kind] ?? Object.keys(result.outputs)[0] ?? kind;
}

async function sourcesOf(archive: Archive, stage: AuditedStage, chosen: Chosen): Promise<LineageNode[]> {
  switch (stage.kind) {
    case 'evaluatePolicy': {
      const policy = await inputUp(archive, stage, 'policy', chosen);
      const digest = outputOf(stage.manifest.statement, 'episodes') ?? null;
      const played = node(
        'episodes',
        digest,
        `${stage.result.counts['episodes']} episodes, rated by ${judgeOf(stage)}`,
      );
      return policy ? [played, policy] : [played];
    }
    case 'collectEpisodes':
      return playersUp(archive, stage);
    default: {
      const inputs = Object.entries(plannedInputs(archive, stage));
      const nodes = inputs.map(([role]) =>
        // The policy that training started from has a way of its own.
        role === 'policy' || role === 'start'
          ? startOf(archive, stage, role)
          : inputUp(archive, stage, role, chosen),
      );
      return (await Promise.all(nodes)).filter((one) => one !== null);
    }
  }
}

const startOf = async (archive: Archive, stage: AuditedStage, role: string): Promise<LineageNode | null> => {
  const digest = inputOf(stage.manifest.statement, role) ?? null;
  const maker = plannedInputs(archive, stage)[role]?.stage;
  return node('policy', digest, `started from the policy of ${maker ?? 'another campaign'}`);
};

/** Who played a stage's episodes, and on what. */
async function playersUp(archive: Archive, stage: AuditedStage): Promise<LineageNode[]> {
  return Object.entries(plannedInputs(archive, stage)).map(([role, from]) =>
    node(role, inputOf(stage.manifest.statement, role) ?? null, `${role} of ${from.stage}`),
  );
}

async function inputUp(
  archive: Archive,
  stage: AuditedStage,
  role: string,
  chosen: Chosen,
): Promise<LineageNode | null> {
  const from = plannedInputs(archive, stage)[role];
  const maker = archive.campaign.stages.find(({ id }) => id === from?.stage);
  return from && maker ? stageUp(archive, maker, chosen, from.output) : null;
}

const plannedInputs = ({ campaign }: Archive, { id }: AuditedStage): Stage['inputs'] =>
  campaign.plan.plan.stages.find((stage) => stage.id === id)?.inputs ?? {};

/** What a stage did, in some words. */
async function describe(archive: Archive, { kind, result, manifest }: AuditedStage): Promise<string> {
  const { counts } = result;
  const start = inputOf(manifest.statement, 'policy');
  switch (kind) {
    case 'evaluatePolicy': {
      const digest = outputOf(manifest.statement, 'evaluation');
      const tasks = digest === undefined ? 0 : (await archive.json(digest, Evaluation)).tasks.length;
      return `means of ${counts['episodes']} episodes on ${tasks} held-out tasks, ${counts['unrated']} unrated`;
    }
    case 'chooseCheckpoint':
      return `step ${counts['step']}, the best of ${counts['checkpoints']} by goal on dev tasks (${counts['goal']?.toFixed(2)})`;
    case 'trainPolicy':
      return `${counts['step']} steps${start ? ` on from policy ${short(start)}` : ' from random weights'}`;
    case 'collectEpisodes':
      return `${counts['episodes']} episodes, ${counts['unrated']} unrated`;
    default:
      return Object.entries(counts)
        .map(([name, value]) => `${value} ${name}`)
        .join(', ');
  }
}
