import type { Exchange } from './faultProxy';
import type { WorkerName } from './plan';

/** When a worker was struck, as of `performance.now()`: what it knew then, it may have to ask again. */
export interface Strike {
  worker: WorkerName;
  from: number;
  to: number;
}

/** What a worker has told of its conversations is up to so much older than what it knows. */
export const HEARTBEAT_WINDOW_MS = 1000;

type Call = Pick<Exchange, 'asked' | 'startedAt' | 'answeredAt' | 'struckBy'> & { worker: WorkerName };

/** How often something was asked, by the digest of the question. */
export type AskedCounts = Record<string, number>;

/** The calls that the provider answered, by the worker that asked. */
export class CallLedger {
  private readonly calls: Call[] = [];

  readonly record = (worker: WorkerName, exchange: Exchange): void => {
    const { method, path, status } = exchange;
    if (method === 'POST' && path.endsWith('/chat/completions') && status === 200)
      this.calls.push({ worker, ...exchange });
  };

  get answered(): number {
    return this.calls.length;
  }

  get counts(): AskedCounts {
    return countsOf(this.calls);
  }

  /** Calls of which the answer was lost on its way. */
  get lost(): number {
    return this.calls.filter(({ struckBy }) => struckBy !== null).length;
  }

  /**
   * Calls that may have to be made again besides: those in flight at any moment of a strike, and those answered in the
   * heartbeat window before it. Each counts once, however often it was struck.
   */
  atRisk(strikes: readonly Strike[]): number {
    return this.calls.filter((call) => call.struckBy === null && isWithinReach(call, strikes)).length;
  }

  /**
   * Calls that were made again though no answer to that very question was lost or at risk.
   * @param expected how often each question is asked when nothing happens
   */
  unexcused(expected: AskedCounts, strikes: readonly Strike[]): number {
    const excused = countsOf(
      this.calls.filter((call) => call.struckBy !== null || isWithinReach(call, strikes)),
    );
    return Object.entries(this.counts).reduce((sum, [asked, times]) => {
      const again = times - (expected[asked] ?? 0);
      return sum + Math.max(0, again - (excused[asked] ?? 0));
    }, 0);
  }
}

const isWithinReach = ({ worker, startedAt, answeredAt }: Call, strikes: readonly Strike[]): boolean =>
  strikes.some(
    (strike) =>
      strike.worker === worker && startedAt <= strike.to && answeredAt >= strike.from - HEARTBEAT_WINDOW_MS,
  );

function countsOf(calls: readonly Call[]): AskedCounts {
  const counts: AskedCounts = {};
  for (const { asked } of calls) counts[asked] = (counts[asked] ?? 0) + 1;
  return counts;
}
