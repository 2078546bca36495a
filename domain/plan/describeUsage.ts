import type { Usage } from '../../schemas/modelCall';

/** `900 tokens in (67 % from the cache), 200 out (50 of them reasoning)`. */
export function describeUsage(usage: Usage): string {
  const { inputTokens, outputTokens, reasoningTokens } = usage;
  const rate = cacheHitRate(usage);
  const cached = rate === null ? '' : ` (${Math.round(100 * rate)} % from the cache)`;
  const reasoned = reasoningTokens ? ` (${reasoningTokens} of them reasoning)` : '';
  return `${inputTokens} tokens in${cached}, ${outputTokens} out${reasoned}`;
}

/** Share of the input (0..1) that providers read from their prompt caches; null where none tells. */
export const cacheHitRate = ({ inputTokens, cachedTokens }: Usage): number | null =>
  cachedTokens === undefined || inputTokens === 0 ? null : cachedTokens / inputTokens;
