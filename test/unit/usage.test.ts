import { sumCosts, sumUsage } from '../../domain/plan/cost';
import { describeUsage } from '../../domain/plan/describeUsage';

const told = { inputTokens: 900, outputTokens: 200, cachedTokens: 600, reasoningTokens: 50 };
const untold = { inputTokens: 100, outputTokens: 20 };

test('tokens are summed by kind, and a kind that nobody told of stays untold', () => {
  expect(sumUsage([told, untold, told])).toEqual({
    inputTokens: 1900,
    outputTokens: 420,
    cachedTokens: 1200,
    reasoningTokens: 100,
  });
  expect(sumUsage([untold])).toEqual(untold);
  expect(sumCosts([{ calls: 1, ...untold, gpuSeconds: 2 }])).toEqual({ calls: 1, ...untold, gpuSeconds: 2 });
});

test('what was read from the cache and thought is told where it is known', () => {
  expect(describeUsage(told)).toBe('900 tokens in (67 % from the cache), 200 out (50 of them reasoning)');
  expect(describeUsage(untold)).toBe('100 tokens in, 20 out');
});
