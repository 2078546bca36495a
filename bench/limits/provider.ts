import { setTimeout as delay } from 'node:timers/promises';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';

export const LIMITED_MODEL = 'limited';

export interface TimedCall {
  /** Milliseconds of `performance.now()` at which the provider let it in. */
  at: number;
  campaign: string;
}

/** The simulated provider with one model, in this process; it notes when it lets a call in. */
export async function startLimitedProvider(
  requestsPerMinute: number,
  latencyMs: number,
): Promise<{ provider: Provider; calls: TimedCall[] }> {
  const calls: TimedCall[] = [];
  const provider = await startProvider({
    settings: { models: { [LIMITED_MODEL]: { requestsPerMinute } } },
    answer: async ({ messages }) => {
      calls.push({ at: performance.now(), campaign: messages[0]?.content ?? '' });
      await delay(latencyMs);
      return 'yes';
    },
  });
  return { provider, calls };
}

/** Most calls in any span of so many milliseconds. */
export function mostWithin(calls: readonly TimedCall[], spanMs: number): number {
  let from = 0;
  return calls.reduce((most, { at }, index) => {
    while ((calls[from] as TimedCall).at <= at - spanMs) from += 1;
    return Math.max(most, index - from + 1);
  }, 0);
}
