import { lineageOf, resumablePoints } from '../../domain/training/epochs';
import type { TrainingEpoch, TrainingPoint } from '../../schemas/checkpoint';

const epoch = (
  number: number,
  resumedFrom: [number, number] | null,
  over: Partial<TrainingEpoch> = {},
): TrainingEpoch => ({
  epoch: number,
  campaign: 'one',
  holder: `run/1/${number}`,
  resumedFrom: resumedFrom && { epoch: resumedFrom[0], step: resumedFrom[1] },
  ignored: null,
  halvings: 0,
  ...over,
});
const points = (...list: [number, number][]): TrainingPoint[] =>
  list.map(([number, step]) => ({ epoch: number, step }));

test('a lineage goes back over the checkpoints that were resumed from, and no further', () => {
  const history = {
    epochs: [epoch(1, null), epoch(2, [1, 8]), epoch(3, [2, 12])],
    points: points([1, 4], [1, 8], [2, 12], [2, 16], [3, 16], [3, 20]),
  };
  expect(lineageOf(3, history)).toEqual(points([1, 4], [1, 8], [2, 12], [3, 16], [3, 20]));
});

test('what a stale attempt wrote after another had taken over is never resumed, however far it came', () => {
  const history = { epochs: [epoch(1, null), epoch(2, [1, 4])], points: points([1, 4], [1, 8], [1, 12]) };
  expect(resumablePoints(history, 0, [])).toEqual(points([1, 4]));
});

test('the furthest checkpoint comes first, then those before it; damaged ones are left out', () => {
  const history = {
    epochs: [epoch(1, null), epoch(2, [1, 8])],
    points: points([1, 4], [1, 8], [2, 12]),
  };
  expect(resumablePoints(history, 0, [])).toEqual(points([2, 12], [1, 8], [1, 4]));
  expect(resumablePoints(history, 0, points([2, 12], [1, 4]))).toEqual(points([1, 8]));
});

test('a final checkpoint that was published again is one step of the lineage', () => {
  const history = { epochs: [epoch(1, null), epoch(2, [1, 12])], points: points([1, 12], [2, 12]) };
  expect(lineageOf(2, history)).toEqual(points([1, 12]));
});

test('campaigns that share a stage go on from one another’s checkpoints', () => {
  const history = {
    epochs: [epoch(1, null), epoch(2, [1, 4], { campaign: 'other' })],
    points: points([1, 4], [2, 8], [1, 12]),
  };
  expect(resumablePoints(history, 0, [])).toEqual(points([1, 12], [2, 8], [1, 4], [1, 4]));
});

test('checkpoints from before there were epochs are resumed until somebody claims one', () => {
  const old = points([0, 4], [0, 8]);
  expect(resumablePoints({ epochs: [], points: old }, 0, [])).toEqual(points([0, 8], [0, 4]));
  const claimed = { epochs: [epoch(1, [0, 4])], points: [...old, ...points([1, 8])] };
  expect(resumablePoints(claimed, 0, [])).toEqual(points([1, 8], [0, 4]));
});

test('checkpoints of another batch size belong to another run', () => {
  const history = {
    epochs: [epoch(1, null), epoch(2, null, { halvings: 1 })],
    points: points([1, 4], [2, 2]),
  };
  expect(resumablePoints(history, 1, [])).toEqual(points([2, 2]));
});
