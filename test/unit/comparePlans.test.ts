import fc from 'fast-check';
import { abandonedStages, comparePlans, definitionOf } from '../../domain/plan/comparePlans';
import type { Plan, Stage } from '../../schemas/plan';

const estimate = { episodes: 0, calls: 0, tokens: 0, gpuSeconds: 0 };

const stage = (id: string, over: Partial<Stage> = {}): Stage => ({
  id,
  kind: 'trainPolicy',
  parameters: {},
  inputs: {},
  queue: 'gpu-train',
  estimate,
  gate: null,
  ...over,
});

const planOf = (...stages: Stage[]): Plan => ({
  campaign: 'test',
  stages,
  simulated: true,
  episodesInFlight: 8,
  limits: { modelCalls: null },
});

const file = (bucket: string, digit: string) => ({
  name: 'agents.jsonl',
  uri: `s3://${bucket}/agents`,
  digest: { sha256: digit.repeat(64) },
  mediaType: 'application/jsonl',
  bytes: 1,
});

const arbitraryStage = (id: string): fc.Arbitrary<Stage> =>
  fc
    .record({
      parameters: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.jsonValue()),
      inputs: fc.dictionary(
        fc.constantFrom('policy', 'dataset'),
        fc.record({ stage: fc.constantFrom('a', 'b'), output: fc.constantFrom('x', 'y') }),
      ),
      gate: fc.option(fc.constantFrom('Go on?', 'Sure?')),
    })
    .map((over) => stage(id, over));

const arbitraryPlan: fc.Arbitrary<Plan> = fc
  .subarray(['one', 'two', 'three'])
  .chain((ids) => fc.tuple(...ids.map(arbitraryStage)))
  .map((stages) => planOf(...stages));

test('a plan does not differ from itself, whatever the order of its members', () => {
  fc.assert(
    fc.property(arbitraryPlan, (plan) => {
      expect(comparePlans(plan, reversed(plan))).toEqual({ changes: [], redefined: [] });
    }),
  );
});

test('the way back has the same changes, the other way round', () => {
  fc.assert(
    fc.property(arbitraryPlan, arbitraryPlan, (before, after) => {
      const there = comparePlans(before, after).changes;
      const back = comparePlans(after, before).changes;
      const turned = back.map(({ from, to, ...place }) => ({ ...place, from: to, to: from }));
      expect(sorted(turned)).toEqual(sorted(there));
    }),
  );
});

test('a definition differs exactly where something other than a limit or a gate differs', () => {
  fc.assert(
    fc.property(arbitraryPlan, arbitraryPlan, (before, after) => {
      const { changes, redefined } = comparePlans(before, after);
      const ids = before.stages.map(({ id }) => id);
      const changed = changes.filter(({ path }) => path !== 'gate').map(({ stage: id }) => id);
      expect(redefined).toEqual(ids.filter((id) => changed.includes(id)));
    }),
  );
});

test('each change is told by its place and the values before and after', () => {
  const before = planOf(stage('train', { parameters: { recipe: { steps: 100, rates: [1, 2] } } }));
  const after = planOf(
    stage('train', { parameters: { recipe: { steps: 200, rates: [1, 3, 4] } }, gate: 'Go on?' }),
  );
  expect(comparePlans(before, { ...after, episodesInFlight: 9 })).toEqual({
    changes: [
      { stage: '', path: 'episodesInFlight', from: '8', to: '9' },
      { stage: 'train', path: 'parameters.recipe.steps', from: '100', to: '200' },
      { stage: 'train', path: 'parameters.recipe.rates[1]', from: '2', to: '3' },
      { stage: 'train', path: 'parameters.recipe.rates[2]', from: null, to: '4' },
      { stage: 'train', path: 'gate', from: 'null', to: '"Go on?"' },
    ],
    redefined: ['train'],
  });
});

test('a stage that comes or goes is one change', () => {
  const [before, after] = [planOf(stage('old'), stage('kept')), planOf(stage('kept'), stage('new'))];
  expect(comparePlans(before, after)).toEqual({
    changes: [
      { stage: 'old', path: 'kind', from: '"trainPolicy"', to: null },
      { stage: 'new', path: 'kind', from: null, to: '"trainPolicy"' },
    ],
    redefined: ['old'],
  });
});

test('limits and gates are changes, and leave the definition as it is', () => {
  const before = planOf(stage('collect', { parameters: { unratedShare: 0.05 } }));
  const after = planOf(stage('collect', { parameters: { unratedShare: 0.2 }, gate: 'Go on?' }));
  const { changes, redefined } = comparePlans(before, after);
  expect(changes.map(({ path }) => path)).toEqual(['parameters.unratedShare', 'gate']);
  expect(redefined).toEqual([]);
});

test('questions with a provider’s batches are given up where the stage is another, or nobody waits for batches any more', () => {
  const batching = { judge: { deadlineHours: 24, gatherSeconds: 60 } };
  const before = planOf(stage('collect'), stage('filter'));
  const after = planOf(stage('collect', { parameters: { judge: 'another' } }), stage('filter'));
  const abandoned = (old: Plan, now: Plan) => abandonedStages(old, now, comparePlans(old, now));
  expect(abandoned({ ...before, batching }, { ...after, batching })).toEqual(['collect']);
  expect(abandoned({ ...before, batching }, before)).toEqual(['collect', 'filter']);
  expect(abandoned(before, { ...after, batching })).toEqual([]);
});

test('another wiring of the inputs is another definition', () => {
  const from = (id: string) => stage('train', { inputs: { policy: { stage: id, output: 'policy' } } });
  expect(definitionOf(from('base'))).not.toBe(definitionOf(from('BC/train')));
});

test('the same file in another bucket is the same; another file is not', () => {
  const withFile = (reference: unknown) => planOf(stage('tasks', { parameters: { agents: reference } }));
  const before = withFile(file('one', 'a'));
  expect(comparePlans(before, withFile(file('two', 'a'))).changes).toEqual([]);
  expect(comparePlans(before, withFile(file('one', 'b')))).toMatchObject({
    changes: [{ path: 'parameters.agents.digest.sha256' }],
    redefined: ['tasks'],
  });
});

function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([member, inner]) => [member, reversed(inner)]),
  ) as T;
}

const sorted = (changes: readonly object[]): string[] => changes.map((one) => JSON.stringify(one)).sort();
