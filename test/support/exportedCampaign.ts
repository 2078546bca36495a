import type { Bucket } from '../../artifacts/bucket';
import { canonicalJson, digestOfJson, sha256 } from '../../artifacts/canonicalJson';
import { judgePrompt } from '../../domain/prompts/judge';
import type { ArtifactRef } from '../../schemas/artifact';
import type { CollectedEpisode, Episode, Turn } from '../../schemas/episode';
import { MEDIA_TYPES } from '../../schemas/names';
import { PROVENANCE_TYPE, STATEMENT_TYPE, type StageStatement } from '../../schemas/attestation';
import type { CampaignRecord } from '../../schemas/campaignRecord';
import type { Plan, StageKind, StageResult } from '../../schemas/plan';
import type { SocialTask } from '../../schemas/profiles';
import type { Rating } from '../../schemas/rating';
import { DIMENSIONS, type Scores } from '../../schemas/scores';
import { agent, task, taskSet } from '../unit/tasksFixtures';

/** A bucket in memory. */
export class MemoryBucket implements Bucket {
  readonly address = 'memory';
  readonly objects = new Map<string, Buffer>();

  read = async (key: string): Promise<Buffer | null> => this.objects.get(key) ?? null;
  list = async (prefix: string): Promise<string[]> =>
    [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();

  document(key: string, value: unknown): void {
    this.objects.set(key, Buffer.from(canonicalJson(value)));
  }

  blob(text: string, name: string, mediaType: string): ArtifactRef {
    const digest = sha256(text);
    this.objects.set(`blobs/sha256/${digest}`, Buffer.from(text));
    const bytes = Buffer.byteLength(text);
    return { name, uri: `s3://memory/blobs/sha256/${digest}`, digest: { sha256: digest }, mediaType, bytes };
  }

  json = (value: unknown, name: string, mediaType: string): ArtifactRef =>
    this.blob(canonicalJson(value), name, mediaType);
}

const AGENTS = [agent('anna'), { ...agent('bert', 44, 'Baker'), secret: 'Eats cake.' }] as const;
export const TASK: SocialTask = task({ id: 'bread', scenario: 'Two people share bread.', split: 'test' });
const model = (name: string, simulated = true) => ({
  baseUrl: 'http://models.example/v1',
  model: name,
  sampling: { temperature: 0, topP: 1, maxTokens: 100 },
  simulated,
});

const call = (name: string, promptDigest: string) => ({
  model: name,
  snapshot: `${name}-2026-01`,
  promptDigest,
  usage: { inputTokens: 10, outputTokens: 3 },
  calls: 1,
});

export const SAID = 'I take half.\nYou take "half".';
const TURNS: Turn[] = [
  { number: 0, speaker: 0, action: { type: 'speak', argument: SAID }, call: call('policy:abc', sha256('0')) },
  { number: 1, speaker: 1, action: { type: 'action', argument: 'nods' }, call: call('partner', sha256('1')) },
  { number: 2, speaker: 0, action: { type: 'leave', argument: '' }, call: call('policy:abc', sha256('2')) },
];

const scores = (goal: number) =>
  Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, dimension === 'goal' ? goal : 0])) as Scores;
const reasons = (who: string) =>
  Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, `${who} on ${dimension}`]));

function episode(id: string, models: [string, string]): Episode {
  return { id, task: TASK.id, agents: ['anna', 'bert'], models, seed: 7, turns: TURNS, ending: 'left' };
}

function rated(id: string): Rating {
  const digest = digestOfJson(judgePrompt(TASK, [...AGENTS], TURNS));
  return {
    kind: 'rated',
    episode: id,
    scores: [scores(9), scores(3)],
    reasoning: [reasons('anna'), reasons('bert')],
    call: call('judge', digest),
  };
}

const unrated = (id: string): Rating => ({
  kind: 'unrated',
  episode: id,
  reason: 'refusal',
  answer: 'I will not.',
  call: call('judge', sha256('refused')),
});

const play = {
  split: 'test',
  pairsPerTask: 1,
  rules: { maxTurns: 20, maxSilentTurns: 2 },
  judge: model('judge'),
  seed: 1,
  unratedShare: 1,
};

/** A finished campaign of tasks, a collection and an evaluation: two rated episodes and one unrated in each. */
export function exportedCampaign(): { bucket: MemoryBucket; id: string } {
  const bucket = new MemoryBucket();
  const id = 'small';
  const tasks = bucket.json(taskSet({ tasks: [TASK], agents: [...AGENTS] }), 'tasks.json', MEDIA_TYPES.tasks);
  const index = (name: string): ArtifactRef => {
    const rows = [0, 1, 2].map((number): CollectedEpisode => {
      const models: [string, string] = number === 1 ? ['partner', 'policy:abc'] : ['policy:abc', 'partner'];
      const one = episode(`${name}-bread-0-${number}`, models);
      const rating = number === 2 ? unrated(one.id) : rated(one.id);
      return {
        number,
        id: one.id,
        task: TASK.id,
        players: number === 1 ? ['partner', 'contestant'] : ['contestant', 'partner'],
        ending: one.ending,
        turns: one.turns.length,
        episode: bucket.json(one, 'episode.json', MEDIA_TYPES.episode).digest.sha256,
        rating: bucket.json(rating, 'rating.json', MEDIA_TYPES.rating).digest.sha256,
        scores: rating.kind === 'rated' ? rating.scores : null,
      };
    });
    return bucket.blob(
      rows.map((row) => `${canonicalJson(row)}\n`).join(''),
      'episodes.jsonl',
      MEDIA_TYPES.episodes,
    );
  };
  const player = { kind: 'model' as const, model: model('partner'), template: 'sotopia-v1' as const };
  const contestant = { ...player, model: model('policy:abc') };
  const stages = [
    stage('tasks', 'prepareTasks', { splits: [] }, {}, { tasks }),
    stage(
      'BC/collect',
      'collectEpisodes',
      { ...play, players: [player, player] },
      { tasks },
      { episodes: index('collect') },
    ),
    stage(
      'evaluate/BC',
      'evaluatePolicy',
      { ...play, name: 'BC', contestant, partner: { model: player.model, template: player.template } },
      { tasks },
      { episodes: index('evaluate') },
    ),
  ];
  const plan: Plan = {
    campaign: id,
    stages: stages.map(({ planned }) => planned),
    simulated: true,
    episodesInFlight: 1,
    limits: { modelCalls: null },
  };
  const planRef = bucket.json(plan, 'plan.json', MEDIA_TYPES.plan);
  for (const { planned, result, inputs } of stages) {
    const statement = statementOf(planned, result, { ...inputs, plan: planRef });
    const manifest = bucket.json(statement, 'manifest.json', MEDIA_TYPES.manifest);
    bucket.document(`stages/${result.key}.json`, { ...result, manifest } satisfies StageResult);
  }
  bucket.document(`campaigns/${id}.json`, {
    campaign: id,
    plan: planRef.digest.sha256,
    results: tasks,
    stages: stages.map(({ planned, result: { key, seconds, outputs, counts, cost } }) => ({
      id: planned.id,
      key,
      seconds,
      reused: false,
      after: [],
      outputs,
      counts,
      cost,
    })),
  } satisfies CampaignRecord);
  return { bucket, id };
}

function stage(
  id: string,
  kind: StageKind,
  parameters: unknown,
  inputs: Record<string, ArtifactRef>,
  outputs: Record<string, ArtifactRef>,
) {
  const planned: Plan['stages'][number] = {
    id,
    kind,
    parameters,
    inputs: Object.fromEntries(Object.keys(inputs).map((role) => [role, { stage: role, output: role }])),
    queue: 'general',
    estimate: { episodes: 0, calls: 0, tokens: 0, gpuSeconds: 0 },
    gate: null,
  };
  const result: StageResult = {
    key: sha256(id),
    outputs,
    counts: { episodes: 3, unrated: 1 },
    cost: { calls: 12, inputTokens: 120, outputTokens: 36, gpuSeconds: 0 },
    seconds: 2.5,
    manifest: {
      name: 'manifest.json',
      uri: 's3://memory/none',
      digest: { sha256: sha256(`manifest ${id}`) },
      mediaType: MEDIA_TYPES.manifest,
      bytes: 1,
    },
  };
  return { planned, result, inputs };
}

function statementOf(
  { id, kind, parameters }: Plan['stages'][number],
  { key, outputs, counts, cost, seconds }: StageResult,
  inputs: Record<string, ArtifactRef>,
): StageStatement {
  const described = (refs: Record<string, ArtifactRef>) =>
    Object.entries(refs).map(([name, { uri, digest, mediaType }]) => ({ name, uri, digest, mediaType }));
  return {
    _type: STATEMENT_TYPE,
    subject: described(outputs),
    predicateType: PROVENANCE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: `https://pi-loop.dev/stage/${kind}/v2`,
        externalParameters: { campaign: 'small', stage: id, parameters },
        internalParameters: { key, counts, cost, seconds, models: [], log: null },
        resolvedDependencies: described(inputs),
      },
      runDetails: {
        builder: { id: 'https://pi-loop.dev/worker/0.3.0', version: { 'pi-loop': '0.3.0' } },
        metadata: {
          invocationId: 'default/campaign/small/run/1/1',
          startedOn: '2026-11-25T00:00:00.000Z',
          finishedOn: '2026-11-25T00:00:02.500Z',
        },
      },
    },
  };
}
