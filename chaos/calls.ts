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

type Call = Pick<Exchange, 'startedAt' | 'answeredAt' | 'struckBy'>;

/** The calls that the provider answered, by the worker that asked. */
export class CallLedger {
  private readonly calls = new Map<WorkerName, Call[]>();

  readonly record = (worker: WorkerName, exchange: Exchange): void => {
    const { method, path, status } = exchange;
    if (method !== 'POST' || !path.endsWith('/chat/completions') || status !== 200) return;
    const calls = this.calls.get(worker) ?? [];
    calls.push(exchange);
    this.calls.set(worker, calls);
  };

  get answered(): number {
    return [...this.calls.values()].reduce((sum, calls) => sum + calls.length, 0);
  }

  /** Calls of which the answer was lost on its way. */
  get lost(): number {
    return this.count((_worker, { struckBy }) => struckBy !== null);
  }

  /**
   * Calls that may have been made again besides: those in flight at any moment of a strike, and those answered in the
   * heartbeat window before it. Each counts once, however often it was struck.
   */
  atRisk(strikes: readonly Strike[]): number {
    return this.count(
      (worker, call) =>
        call.struckBy === null &&
        strikes.some((strike) => strike.worker === worker && isWithinReach(call, strike)),
    );
  }

  private count(counts: (worker: WorkerName, call: Call) => boolean): number {
    return [...this.calls].reduce(
      (sum, [worker, calls]) => sum + calls.filter((call) => counts(worker, call)).length,
      0,
    );
  }
}

const isWithinReach = ({ startedAt, answeredAt }: Call, { from, to }: Strike): boolean =>
  startedAt <= to && answeredAt >= from - HEARTBEAT_WINDOW_MS;
