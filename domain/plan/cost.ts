import type { StageCost } from '../../schemas/plan';

type Spent = Omit<StageCost, 'gpuSeconds'>;

/** What several pieces of work took together. */
export const sumSpent = (costs: readonly Spent[]): Spent => ({
  calls: total(costs, 'calls'),
  inputTokens: total(costs, 'inputTokens'),
  outputTokens: total(costs, 'outputTokens'),
});

/** The same with the time on GPUs. */
export const sumCosts = (costs: readonly StageCost[]): StageCost => ({
  ...sumSpent(costs),
  gpuSeconds: costs.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0),
});

const total = (costs: readonly Spent[], of: keyof Spent): number =>
  costs.reduce((sum, cost) => sum + cost[of], 0);
