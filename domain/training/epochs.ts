import type { TrainingEpoch, TrainingPoint } from '../../schemas/checkpoint';

/** What the store knows of a training stage: claims by epoch, checkpoints by epoch and step. */
export interface TrainingHistory {
  epochs: readonly TrainingEpoch[];
  points: readonly TrainingPoint[];
}

/** Checkpoints of 0.1.0 lie in no epoch that anybody claimed. */
const UNCLAIMED = 0;

/**
 * The checkpoints that led to an epoch's weights, by step: its own, and before them those it was resumed from. What an
 * attempt wrote after another had taken over is in nobody's lineage.
 */
export function lineageOf(epoch: number, history: TrainingHistory): TrainingPoint[] {
  const from = history.epochs.find((one) => one.epoch === epoch)?.resumedFrom ?? null;
  const before = from ? lineageOf(from.epoch, history).filter(({ step }) => step <= from.step) : [];
  const own = history.points.filter((point) => point.epoch === epoch && point.step > (from?.step ?? 0));
  return [...before, ...own];
}

/**
 * Where a new attempt may go on, the furthest first. Campaigns that share a stage train it side by side, each in epochs
 * of its own, and go on from one another's checkpoints. Those of another batch size are of another run.
 */
export function resumablePoints(
  history: TrainingHistory,
  halvings: number,
  ignored: readonly TrainingPoint[],
): TrainingPoint[] {
  const newest = new Map(history.epochs.map((epoch) => [epoch.campaign, epoch]));
  const tips = [...newest.values()].filter((tip) => tip.halvings === halvings).map(({ epoch }) => epoch);
  return (history.epochs.length === 0 ? [UNCLAIMED] : tips)
    .flatMap((epoch) => lineageOf(epoch, history))
    .filter((point) => !ignored.some(({ epoch, step }) => epoch === point.epoch && step === point.step))
    .sort((one, other) => other.step - one.step || other.epoch - one.epoch);
}
