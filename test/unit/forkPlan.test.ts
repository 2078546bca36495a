import { assertForksAt, withSettings } from '../../domain/plan/forkPlan';
import type { Plan, Stage } from '../../schemas/plan';

const filter = {
  filter: { policy: 'paper-sr', share: 0.5 },
  template: 'compact-v1',
  minimumRows: 1,
  seed: 3,
};
const stage = (id: string, parameters: unknown): Stage => ({
  id,
  kind: 'filterEpisodes',
  parameters,
  inputs: {},
  queue: 'general',
  estimate: { episodes: 0, calls: 0, tokens: 0, gpuSeconds: 0 },
  gate: null,
});
const PLAN: Plan = {
  campaign: 'parent',
  stages: [stage('BC/filter', filter), stage('SR/filter', filter)],
  simulated: false,
  episodesInFlight: 1,
  limits: { modelCalls: null },
};
const set = (path: (string | number)[], value: unknown, at = 'SR/filter') =>
  withSettings(PLAN, at, [{ path, value }]);

test('a setting changes one parameter of one stage and nothing else', () => {
  const { stages, ...rest } = set(['filter', 'share'], 0.25);
  expect(stages).toEqual([
    PLAN.stages[0],
    stage('SR/filter', { ...filter, filter: { policy: 'paper-sr', share: 0.25 } }),
  ]);
  expect({ ...rest, stages: PLAN.stages }).toEqual(PLAN);
});

test('a whole part is replaced at once', () => {
  const changed = set(['filter'], { policy: 'threshold', minimumGoal: 8 }).stages[1];
  expect(changed?.parameters).toMatchObject({ filter: { policy: 'threshold', minimumGoal: 8 } });
});

test.each([
  ['a path that is not there', () => set(['filter', 'tpo'], 1), /filter\.share=0\.5/],
  ['a path below a value', () => set(['seed', 'x'], 1), /no parameter seed\.x/],
  [
    'a value of another type',
    () => set(['filter', 'share'], 'half'),
    /filter\.share: found "half", expected a number/,
  ],
  ['a value out of range', () => set(['filter', 'share'], 2), /at most 1/],
  ['a stage that is not there', () => set(['seed'], 1, 'SR/filtre'), /Did you mean "SR\/filter"\?/],
])('%s is refused, with what there is', (_what, act, message) => {
  expect(act).toThrow(message);
});

test('a change before the stage that a fork begins at is refused', () => {
  const fork = set(['seed'], 4, 'BC/filter');
  expect(() => assertForksAt(PLAN, fork, 'SR/filter')).toThrow('This changes BC/filter, before "SR/filter"');
  expect(() => assertForksAt(PLAN, fork, 'BC/filter')).not.toThrow();
});

test('a fork in which nothing differs is refused', () => {
  expect(() => assertForksAt(PLAN, set(['seed'], 3), 'SR/filter')).toThrow('nothing to fork');
});
