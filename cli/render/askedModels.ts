import { cacheHitRate } from '../../domain/plan/describeUsage';
import { sumCosts } from '../../domain/plan/cost';
import type { StageCost } from '../../schemas/plan';
import { approximately, count, percent } from './numbers';

/** `asked: 12,600 calls · 4.1 M tokens in, 63 % of them from the cache · 800 k out`; nothing where none was asked. */
export function askedModelsLine(costs: readonly StageCost[]): string[] {
  const { calls, ...usage } = sumCosts(costs);
  if (calls === 0) return [];
  const rate = cacheHitRate(usage);
  const cached = rate === null ? '' : `, ${percent(rate)} of them from the cache`;
  const reasoned = usage.reasoningTokens
    ? `, ${percent(usage.reasoningTokens / usage.outputTokens)} of them reasoning`
    : '';
  return [
    [
      `asked: ${count(calls)} calls`,
      `${approximately(usage.inputTokens)} tokens in${cached}`,
      `${approximately(usage.outputTokens)} out${reasoned}`,
    ].join(' · '),
  ];
}
