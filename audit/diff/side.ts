import type { StageStatement } from '../../schemas/attestation';
import { type Plan, type Stage, STAGE_PARAMETERS } from '../../schemas/plan';
import { roundsOf } from '../find/findSubjects';
import type { Archive } from '../index/archive';
import type { AuditedStage } from '../readCampaign';
import { inputOf, outputOf } from '../readManifest';

/** One of two things that are compared: a campaign, or one round of it. */
export interface Side {
  name: string;
  archive: Archive;
  /** What was asked for: of a round its stages, named without it. */
  plan: Plan;
  /** Rounds by what they are compared as. */
  rounds: string[];
  /** Policies of the result table by what they are compared as. */
  policies: Map<string, string>;
  /** Finished stages by what they are compared as. */
  stages: Map<string, AuditedStage>;
}

export function campaignSide(archive: Archive): Side {
  const { campaign } = archive;
  const policies = campaign.plan.plan.stages.flatMap(({ id, kind }) =>
    kind === 'evaluatePolicy' ? [id.replace(/^evaluate\//, '')] : [],
  );
  return {
    name: campaign.id,
    archive,
    plan: campaign.plan.plan,
    rounds: roundsOf(archive),
    policies: new Map(policies.map((name) => [name, name])),
    stages: new Map(campaign.stages.map((stage) => [stage.id, stage])),
  };
}

/** What stands for a round's own name, so that two rounds can be compared. */
export const ROUND = 'round';

export function roundSide(archive: Archive, round: string): Side {
  const { campaign } = archive;
  const isOf = (id: string) => id.startsWith(`${round}/`) || id === `evaluate/${round}`;
  const stages = campaign.plan.plan.stages.filter(({ id }) => isOf(id));
  return {
    name: `${campaign.id}:${round}`,
    archive,
    plan: { ...campaign.plan.plan, stages: stages.map((stage) => renamed(stage, round)) },
    rounds: [ROUND],
    policies: new Map([[ROUND, round]]),
    stages: new Map(
      campaign.stages.filter(({ id }) => isOf(id)).map((stage) => [plainId(stage.id, round), stage]),
    ),
  };
}

function renamed(stage: Stage, round: string): Stage {
  const inputs = Object.entries(stage.inputs).map(([role, from]) => [
    role,
    { ...from, stage: plainId(from.stage, round) },
  ]);
  const { parameters } = stage;
  const settings =
    parameters !== null && typeof parameters === 'object' ? withoutName(parameters) : parameters;
  return {
    ...stage,
    id: plainId(stage.id, round),
    parameters: settings,
    inputs: Object.fromEntries(inputs),
  };
}

function plainId(id: string, round: string): string {
  if (id.startsWith(`${round}/`)) return `${ROUND}${id.slice(round.length)}`;
  return id === `evaluate/${round}` ? `evaluate/${ROUND}` : id;
}

/** What follows from a round's name is no difference: what it is called, and the seeds drawn from that. */
function withoutName(parameters: object): object {
  const { name: _name, seed: _seed, ...rest } = parameters as { name?: unknown; seed?: unknown };
  return rest;
}

/** What a round collected, decided and learned from, by digests; undefined for what has not finished. */
export function dataOf({ stages }: Side, round: string) {
  const filter = stages.get(`${round}/filter`)?.manifest.statement;
  const collect = stages.get(`${round}/collect`)?.manifest.statement;
  return {
    episodes: collect && outputOf(collect, 'episodes'),
    decisions: filter && outputOf(filter, 'decisions'),
    dataset: filter && outputOf(filter, 'dataset'),
    tasks: collect && inputOf(collect, 'tasks'),
    split: collect && splitOf(collect),
  };
}

/** The part of the tasks that a stage played. */
const splitOf = ({ predicate }: StageStatement): string =>
  STAGE_PARAMETERS.collectEpisodes.parse(predicate.buildDefinition.externalParameters.parameters).split;
