import type { Usage } from '../../schemas/modelCall';
import type { StageCost } from '../../schemas/plan';

type Spent = Omit<StageCost, 'gpuSeconds'>;

/** Tokens of several calls by kind; a kind that nobody told stays untold. */
export const sumUsage = (usages: readonly Usage[]): Usage => ({
  inputTokens: total(usages.map(({ inputTokens }) => inputTokens)),
  outputTokens: total(usages.map(({ outputTokens }) => outputTokens)),
  ...told('cachedTokens', usages),
  ...told('reasoningTokens', usages),
});

/** What several pieces of work took together. */
export const sumSpent = (costs: readonly Spent[]): Spent => ({
  calls: total(costs.map(({ calls }) => calls)),
  ...sumUsage(costs),
});

/** The same with the time on GPUs. */
export const sumCosts = (costs: readonly StageCost[]): StageCost => ({
  ...sumSpent(costs),
  gpuSeconds: total(costs.map(({ gpuSeconds }) => gpuSeconds)),
});

function told(kind: 'cachedTokens' | 'reasoningTokens', usages: readonly Usage[]): Partial<Usage> {
  const tokens = usages.flatMap((usage) => usage[kind] ?? []);
  return tokens.length === 0 ? {} : { [kind]: total(tokens) };
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
