import type { CastEpisode } from '../activities/support/collectionDesigns';
import type { Bucket } from '../artifacts/bucket';
import { readJsonBlob } from '../audit/readBlob';
import { type AuditedCampaign, type AuditedStage, listCampaigns, readCampaign } from '../audit/readCampaign';
import { inputOf, outputOf } from '../audit/readManifest';
import { policyNamed } from '../audit/upstream';
import { CONTESTANT, designEpisodes } from '../domain/episode/design';
import { Cast } from '../domain/episode/trainingRows';
import type { Position } from '../schemas/episode';
import { type ParametersOf, STAGE_PARAMETERS } from '../schemas/plan';
import { TaskSet } from '../schemas/profiles';
import { ChatError } from './chatError';
import { PERSON } from './person';

export interface SceneWish {
  /** Name in a campaign's result table, or digest. */
  policy: string;
  /** Default: the only campaign that has such a policy. */
  campaign?: string | undefined;
  /** Default: the first task of those that the campaign evaluates on. */
  task?: string | undefined;
}

/** Who meets whom in which task, under the rules and before the judge of a campaign. */
export interface Scene {
  campaign: string;
  /** Digest of the policy. */
  policy: string;
  cast: CastEpisode;
  /** The person's. */
  position: Position;
}

/** Finds the policy and casts one episode as the campaign's evaluation does. Errors: ChatError, ARTIFACT_*. */
export async function setScene(bucket: Bucket, wish: SceneWish): Promise<Scene> {
  const { campaign, policy, evaluation } = await findPolicy(bucket, wish);
  const parameters = parametersOf(campaign, evaluation);
  const { contestant } = parameters;
  if (contestant.kind !== 'policy') throw new ChatError(`Stage ${evaluation.id} evaluates no policy.`);
  const digest = inputOf(evaluation.manifest.statement, 'tasks') ?? '';
  const taskSet = await readJsonBlob(bucket, digest, TaskSet);
  const task = taskNamed(taskSet, wish.task, parameters.split);
  const { template, sampling } = contestant;
  const design = designEpisodes(
    {
      ...parameters,
      mode: 'both-positions',
      contestant: { kind: 'policy', digest: policy, template, sampling },
      partner: PERSON,
      split: task.split,
      pairsPerTask: 1,
    },
    { ...taskSet, tasks: [task] },
    digest,
  );
  const episode = design.episodes.find(({ players }) => players[1] === CONTESTANT);
  const known = episode && new Cast(taskSet).of(episode);
  if (!known) throw new ChatError(`Nobody of the campaign's characters can play task "${task.id}".`);
  const tasks = new Map([[task.id, task]]);
  const profiles = new Map(known.agents.map((agent) => [agent.id, agent]));
  const cast = { design: { ...design, tasks, profiles }, episode, ...known };
  return { campaign: campaign.id, policy, cast, position: 0 };
}

interface PolicyPlace {
  campaign: AuditedCampaign;
  /** Digest. */
  policy: string;
  /** Of this policy, or of another where this one was not evaluated. */
  evaluation: AuditedStage;
}

async function findPolicy(bucket: Bucket, wish: SceneWish): Promise<PolicyPlace> {
  const ids = wish.campaign === undefined ? await listCampaigns(bucket) : [wish.campaign];
  const campaigns = await Promise.all(ids.map((id) => readCampaign(bucket, id)));
  const found = campaigns.flatMap((campaign) => placeOf(campaign, wish.policy) ?? []);
  const [first] = found;
  if (!first) {
    const known = campaigns.map(({ id, stages }) => `${id}: ${namesOf(stages).join(', ') || 'none'}`);
    throw new ChatError(
      `No evaluated policy is called "${wish.policy}". There are (${known.join('; ') || 'no campaigns'}).`,
    );
  }
  if (found.some(({ policy }) => policy !== first.policy)) {
    const having = found.map(({ campaign }) => campaign.id).join(', ');
    throw new ChatError(
      `Several campaigns have a policy "${wish.policy}" (${having}). Name one by --campaign.`,
    );
  }
  return first;
}

function placeOf(campaign: AuditedCampaign, named: string): PolicyPlace | undefined {
  const evaluations = evaluationsOf(campaign.stages);
  const handled = campaign.stages.some(({ manifest: { statement } }) =>
    [inputOf(statement, 'policy'), outputOf(statement, 'policy')].includes(named),
  );
  const policy = policyNamed(campaign, named) ?? (handled ? named : undefined);
  const own = evaluations.find(({ manifest }) => inputOf(manifest.statement, 'policy') === policy);
  const evaluation = own ?? evaluations[0];
  return policy !== undefined && evaluation ? { campaign, policy, evaluation } : undefined;
}

/** Evaluations of policies; those of references have no policy. */
const evaluationsOf = (stages: readonly AuditedStage[]): AuditedStage[] =>
  stages.filter(
    ({ kind, manifest }) => kind === 'evaluatePolicy' && inputOf(manifest.statement, 'policy') !== undefined,
  );

const namesOf = (stages: readonly AuditedStage[]): string[] =>
  evaluationsOf(stages).map(({ id }) => id.slice(id.indexOf('/') + 1));

function parametersOf({ plan }: AuditedCampaign, { id }: AuditedStage): ParametersOf<'evaluatePolicy'> {
  const planned = plan.plan.stages.find((stage) => stage.id === id);
  return STAGE_PARAMETERS.evaluatePolicy.parse(planned?.parameters);
}

function taskNamed({ tasks }: TaskSet, id: string | undefined, split: string) {
  const task = tasks.find((one) => (id === undefined ? one.split === split : one.id === id));
  if (task) return task;
  const known = tasks.map((one) => one.id).join(', ');
  throw new ChatError(`The campaign has no task "${id ?? `of split ${split}`}"; it has ${known}.`);
}
