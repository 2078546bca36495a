import { isTolerable, pairedInterval, snapshotShift } from '../../domain/statistics';
import { planSnapshots } from '../../domain/plan/snapshotPolicies';
import { SKELETON } from '../../domain/campaign/skeleton';
import { CampaignSpec } from '../../schemas/campaign';
import { DIMENSIONS, type Scores } from '../../schemas/scores';

const scores = (goal: number): Scores =>
  Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, dimension === 'goal' ? goal : 0])) as Scores;
const rated = (goal: number): [Scores, Scores] => [scores(goal), scores(goal)];

test('the interval of paired differences is Student’s', () => {
  // R: t.test(c(1, 2, 3, 4, 10)).
  const { mean, low, high } = pairedInterval([1, 2, 3, 4, 10]);
  expect(mean).toBe(4);
  expect(low).toBeCloseTo(-0.389_95, 4);
  expect(high).toBeCloseTo(8.389_95, 4);
  expect(() => pairedInterval([1])).toThrow('two pairs');
});

describe('a shift is tolerated unless it is surely larger than a quarter of a point', () => {
  const shiftBy = (differences: readonly number[]) =>
    snapshotShift(differences.map((difference) => ({ before: rated(5), after: rated(5 + difference) })));

  test.each([
    ['none at all', Array<number>(20).fill(0), true],
    ['one point on every episode', Array<number>(20).fill(1), false],
    ['one point less on every episode', Array<number>(20).fill(-1), false],
    ['half a point that may be chance', [2, 2, 2, 2, 2, -2, -2, -2, 1, 1], true],
  ])('%s', (_what, differences, tolerable) => {
    const shift = shiftBy(differences);
    expect(shift.episodes).toBe(differences.length);
    expect(isTolerable(shift)).toBe(tolerable);
  });
});

test('a model that plays two roles is treated as the stricter demands; those that stop are not listed in a plan', () => {
  const { models } = CampaignSpec.parse(SKELETON);
  const policies = (judge: string, expert: string) => {
    Object.assign(models.judge, { model: 'm', baseUrl: 'http://x/v1', onSnapshotChange: judge });
    Object.assign(models.expert, { model: 'm', baseUrl: 'http://x/v1', onSnapshotChange: expert });
    return planSnapshots({ models }).snapshotPolicies;
  };
  expect(policies('bridge', 'accept')).toEqual([{ model: 'm', baseUrl: 'http://x/v1', policy: 'bridge' }]);
  expect(policies('accept', 'accept')).toMatchObject([{ policy: 'accept' }]);
  expect(policies('accept', 'stop')).toBeUndefined();
});
