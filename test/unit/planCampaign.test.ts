import { join } from 'node:path';
import { digestOfJson } from '../../artifacts/canonicalJson';
import { readCampaignFile } from '../../cli/campaignFile';
import { CHECKOUT } from '../../deploy/local/checkout';
import { planCampaign } from '../../domain/plan/planCampaign';
import { stageIdsOf } from '../../domain/plan/stageIds';
import { stageKeyMaterial } from '../../domain/plan/stageKey';
import type { CampaignSpec } from '../../schemas/campaign';
import { Plan, STAGE_PARAMETERS, type Stage } from '../../schemas/plan';

interface Planned {
  spec: CampaignSpec;
  /** The plan of the spec, changed at will, with its files in some bucket. */
  plan(change?: (spec: CampaignSpec) => void, bucket?: string, campaign?: string): Plan;
}

async function planned(example: string): Promise<Planned> {
  const { spec, files } = await readCampaignFile(join(CHECKOUT, 'examples', example));
  return {
    spec,
    plan: (change = () => undefined, bucket = 'pi-loop', campaign = 'one') => {
      const changed = structuredClone(spec);
      change(changed);
      const references = Object.keys(files).map((path) => {
        const sha256 = digestOfJson(path);
        return [
          path,
          { name: path, uri: `s3://${bucket}/${sha256}`, digest: { sha256 }, mediaType: 'a/b', bytes: 1 },
        ] as const;
      });
      return planCampaign(campaign, changed, Object.fromEntries(references));
    },
  };
}

let demo: Planned;
let learning: Planned;
beforeAll(async () => {
  [demo, learning] = [await planned('demo.yaml'), await planned('learning.yaml')];
});

const TRAINER = 't'.repeat(64);

/** The keys of all stages, where what a stage makes is told by its key: the same key gives the same digests. */
function keysOf({ stages }: Plan, trainer = TRAINER): Record<string, string> {
  const keys: Record<string, string> = {};
  for (const { id, kind, parameters, inputs } of stages) {
    const digests = Object.entries(inputs).map(([role, { stage, output }]) => {
      const key = keys[stage];
      if (key === undefined) throw new Error(`${id} comes before its input ${stage}`);
      return [role, digestOfJson([key, output])];
    });
    keys[id] = digestOfJson(stageKeyMaterial(kind, parameters, Object.fromEntries(digests), trainer));
  }
  return keys;
}

/** The stages whose keys differ. */
function changedKeys(before: Plan, after: Plan, trainers: [string, string] = [TRAINER, TRAINER]): string[] {
  const [old, now] = [keysOf(before, trainers[0]), keysOf(after, trainers[1])];
  return Object.keys(old).filter((id) => now[id] !== old[id]);
}

const shapeOf = ({ stages }: Plan) =>
  stages.map(({ id, kind, inputs, queue }) => {
    const from = Object.entries(inputs).map(([role, { stage, output }]) => `${role}: ${stage}.${output}`);
    return `${id} = ${kind}(${from.join(', ')}) on ${queue}`;
  });

const stageOf = (plan: Plan, id: string): Stage & { parameters: Record<string, unknown> } =>
  plan.stages.find((stage) => stage.id === id) as Stage & { parameters: Record<string, unknown> };

test('the demo’s plan has these stages, each after its inputs', () => {
  expect(shapeOf(demo.plan())).toEqual([
    'corpus = importCorpus() on general',
    'base = trainPolicy(dataset: corpus.corpus) on gpu-train',
    'tasks = prepareTasks() on dialogue',
    'BC/collect = collectEpisodes(tasks: tasks.tasks) on dialogue',
    'BC/filter = filterEpisodes(episodes: BC/collect.episodes, tasks: tasks.tasks) on general',
    'BC/train = trainPolicy(policy: base.policy, dataset: BC/filter.dataset) on gpu-train',
    'BC/choose = chooseCheckpoint(checkpoints: BC/train.checkpoints, tasks: tasks.tasks) on dialogue',
    'BC+SR/collect = collectEpisodes(tasks: tasks.tasks, policy: BC/choose.policy) on dialogue',
    'BC+SR/filter = filterEpisodes(episodes: BC+SR/collect.episodes, tasks: tasks.tasks) on general',
    'BC+SR/train = trainPolicy(policy: BC/choose.policy, dataset: BC+SR/filter.dataset) on gpu-train',
    'evaluate/base = evaluatePolicy(tasks: tasks.tasks, policy: base.policy) on dialogue',
    'evaluate/BC = evaluatePolicy(tasks: tasks.tasks, policy: BC/choose.policy) on dialogue',
    'evaluate/BC+SR = evaluatePolicy(tasks: tasks.tasks, policy: BC+SR/train.policy) on dialogue',
    'evaluate/expert = evaluatePolicy(tasks: tasks.tasks) on dialogue',
    'results = compareEvaluations(base: evaluate/base.evaluation, BC: evaluate/BC.evaluation, ' +
      'BC+SR: evaluate/BC+SR.evaluation, expert: evaluate/expert.evaluation) on general',
  ]);
});

test('a round that may keep what it starts from chooses from that too; nothing else is planned otherwise', () => {
  const keeping = demo.plan(({ rounds }) => {
    for (const { checkpoint } of rounds) if (checkpoint.choose === 'best-on-dev') checkpoint.orKeep = true;
  });
  const chosenFrom = (line: string) => line.replace('tasks.tasks)', 'tasks.tasks, start: base.policy)');
  const expected = shapeOf(demo.plan()).map((line) =>
    line.startsWith('BC/choose') ? chosenFrom(line) : line,
  );
  expect(shapeOf(keeping)).toEqual(expected);
});

test.each(['demo', 'learning'])(
  'the plan of %s is of the schema, with the parameters of each kind',
  (name) => {
    const plan = (name === 'demo' ? demo : learning).plan();
    expect(Plan.parse(JSON.parse(JSON.stringify(plan)))).toEqual(JSON.parse(JSON.stringify(plan)));
    for (const { kind, parameters } of plan.stages)
      expect(STAGE_PARAMETERS[kind].parse(parameters)).toEqual(parameters);
    expect(plan.simulated).toBe(true);
  },
);

test('differences are tested with the policy a round started from, with base, and with its controls', () => {
  expect(stageOf(demo.plan(), 'results').parameters['pairs']).toEqual([
    ['BC', 'base'],
    ['BC+SR', 'BC'],
    ['BC+SR', 'base'],
  ]);
  const pairs = stageOf(learning.plan(), 'results').parameters['pairs'];
  expect(pairs).toContainEqual(['BC+SR', 'control-unfiltered']);
  expect(pairs).toContainEqual(['BC+SR', 'control-more-steps']);
  expect(pairs).toContainEqual(['BC+SR+SR', 'BC+SR']);
});

/** Stages of the learning campaign whose key another stage has too. */
const SHARING = [
  'BC/collect',
  'BC/filter',
  'BC+SR/collect',
  'control-unfiltered/collect',
  'control-more-steps/collect',
  'control-more-steps/filter',
];

test('controls share what they share: the tasks, and the episodes where the players are the same', () => {
  const plan = learning.plan();
  const keys = keysOf(plan);
  expect(keys['control-more-steps/collect']).toBe(keys['BC/collect']);
  expect(keys['control-unfiltered/collect']).toBe(keys['BC+SR/collect']);
  expect(keys['control-unfiltered/train']).not.toBe(keys['BC+SR/train']);
  const sharing = plan.stages.filter(
    ({ id }) => Object.values(keys).filter((key) => key === keys[id]).length > 1,
  );
  expect(sharing.map(({ id }) => id)).toEqual(SHARING);
  const splits = (stageOf(plan, 'tasks').parameters['splits'] as { name: string }[]).map(({ name }) => name);
  expect(splits).toEqual(['test', 'dev', 'BC', 'BC+SR', 'BC+SR+SR']);
});

test('all contestants are evaluated with the same seed, tasks, partner, rules and judge', () => {
  const evaluations = learning.plan().stages.filter(({ kind }) => kind === 'evaluatePolicy');
  const common = evaluations.map(({ parameters }) => {
    const { name: _name, contestant: _contestant, ...rest } = parameters as Record<string, unknown>;
    return rest;
  });
  expect(evaluations).toHaveLength(7);
  for (const one of common) expect(one).toEqual(common[0]);
});

test('each training has a seed of its own, and so has each split that is played', () => {
  const { stages } = learning.plan();
  const seeds = (kind: string, by: string) =>
    new Map(
      stages
        .filter((stage) => stage.kind === kind)
        .map(({ id, parameters }) => {
          const { seed, ...rest } = parameters as Record<string, unknown>;
          return [by === 'id' ? id : rest[by], seed];
        }),
    );
  for (const found of [seeds('trainPolicy', 'id'), seeds('collectEpisodes', 'split')]) {
    expect(found.size).toBeGreaterThan(2);
    expect(new Set(found.values()).size).toBe(found.size);
  }
});

test('keys depend neither on the bucket, nor on the campaign’s name, nor on how much runs at once', () => {
  const before = demo.plan();
  expect(changedKeys(before, demo.plan(undefined, 'other-bucket', 'another'))).toEqual([]);
  const slower = demo.plan((spec) => void (spec.execution.episodesInFlight = 3));
  expect(changedKeys(before, slower)).toEqual([]);
  expect(JSON.stringify(before)).not.toMatch(/127\.0\.0\.1|localhost/);
});

test('keys depend neither on limits, nor on gates, nor on answers that come by batches', () => {
  const changed = demo.plan((spec) => {
    spec.limits.unratedShare = 0.5;
    spec.models.judge.batch = { deadlineHours: 6, gatherSeconds: 60 };
    spec.gates = [{ before: 'BC/train', ask: 'Are these dialogues fit to learn from?' }];
  });
  expect(changedKeys(demo.plan(), changed)).toEqual([]);
  expect(changed.batching).toEqual({ judge: { deadlineHours: 6, gatherSeconds: 60 } });
  expect(stageOf(changed, 'BC/train').gate).toBe('Are these dialogues fit to learn from?');
  expect(changed.stages.filter(({ gate }) => gate !== null)).toHaveLength(1);
});

test.each(['demo', 'learning'])('the stages of %s are known before its files are read', (name) => {
  const { spec, plan } = name === 'demo' ? demo : learning;
  const ids = plan().stages.map(({ id }) => id);
  expect(stageIdsOf(spec).sort()).toEqual(ids.sort());
});

test('a plan that was stored before there were gates has none', () => {
  const stored = JSON.parse(JSON.stringify(demo.plan()));
  for (const stage of stored.stages) delete stage.gate;
  expect(Plan.parse(stored)).toEqual(Plan.parse(demo.plan()));
});

test('another seed changes all that is random, and the corpus, which is not, stays', () => {
  const before = demo.plan();
  const ids = before.stages.map(({ id }) => id);
  expect(
    changedKeys(
      before,
      demo.plan((spec) => void (spec.seed += 1)),
    ),
  ).toEqual(ids.filter((id) => id !== 'corpus'));
});

test('another judge plays nothing else but what is judged and follows from it', () => {
  const changed = changedKeys(
    demo.plan(),
    demo.plan((spec) => void (spec.models.judge.model = 'other')),
  );
  for (const kept of ['corpus', 'base', 'tasks']) expect(changed).not.toContain(kept);
  for (const id of ['BC/collect', 'BC/train', 'evaluate/base', 'results']) expect(changed).toContain(id);
});

test('another last round leaves everything before it as it is', () => {
  const changed = changedKeys(
    demo.plan(),
    demo.plan(({ rounds }) => void Object.assign(rounds.at(-1)?.training ?? {}, { learningRate: 0.123 })),
  );
  expect(changed).toEqual(['BC+SR/train', 'evaluate/BC+SR', 'results']);
});

test('another trainer trains again, and collects nothing again that no trained policy played', () => {
  const plan = demo.plan();
  const changed = changedKeys(plan, plan, [TRAINER, 'u'.repeat(64)]);
  for (const kept of ['corpus', 'tasks', 'BC/collect', 'BC/filter', 'evaluate/expert'])
    expect(changed).not.toContain(kept);
  for (const id of ['base', 'BC/train', 'BC+SR/collect', 'evaluate/base']) expect(changed).toContain(id);
});

/** Paths of all leaves of a JSON value. */
function leavesOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (value === null || typeof value !== 'object') return [path];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([member, inner]) => leavesOf(inner, [...path, member]));
}

function withLeafChanged(value: unknown, [member, ...rest]: (string | number)[]): unknown {
  if (member === undefined) return typeof value === 'number' ? value + 1 : `${String(value)} changed`;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[member] = withLeafChanged(copy[member], rest);
  return copy;
}

test('every single parameter of every stage is in its key, but for limits, where a file lies and what it is called', () => {
  let counted = 0;
  for (const { id, kind, parameters } of learning.plan().stages) {
    const keyOf = (given: unknown) => digestOfJson(stageKeyMaterial(kind, given, {}, TRAINER));
    for (const path of leavesOf(parameters)) {
      const parent = path
        .slice(0, -1)
        .reduce<unknown>((value, member) => (value as Record<string, unknown>)[member], parameters);
      const isReference =
        typeof parent === 'object' && parent !== null && 'uri' in parent && 'digest' in parent;
      const isLimit = path.join() === 'unratedShare';
      const same = keyOf(withLeafChanged(parameters, path)) === keyOf(parameters);
      expect(`${id} ${path.join('.')}: ${same}`).toBe(`${id} ${path.join('.')}: ${isReference || isLimit}`);
      counted += 1;
    }
  }
  expect(counted).toBeGreaterThan(300);
});
