import { ApplicationFailure } from '@temporalio/activity';
import { adapt, type Concurrency, firstConcurrency } from '../../../domain/rateLimits/concurrency';

/** A span in which throughput is measured is at least so long. */
const SHORTEST_SPAN_MS = 1_000;

/**
 * Lets as many calls of a model be under way in this worker as bring most answers a second: what `episodesInFlight`
 * allows beyond that waits here, urgent calls first.
 */
export class ConcurrencyGate {
  private concurrency: Concurrency;
  private inFlight = 0;
  private readonly waiting: { priority: number; enter: () => void }[] = [];
  private span = { began: performance.now(), answered: 0, failed: 0, full: false };

  /** @param fixed how many, where that need not be found */
  constructor(private readonly fixed: number | null = null) {
    const first = firstConcurrency();
    this.concurrency = { ...first, limit: fixed ?? first.limit };
  }

  /** Errors: the work's. */
  async pass<R>(priority: number, work: () => Promise<R>): Promise<R> {
    if (this.inFlight >= this.concurrency.limit) await this.turn(priority);
    else this.inFlight += 1;
    try {
      const result = await work();
      this.span.answered += 1;
      return result;
    } catch (error) {
      if (isOverload(error)) this.span.failed += 1;
      throw error;
    } finally {
      this.inFlight -= 1;
      this.judge();
      this.letIn();
    }
  }

  private turn(priority: number): Promise<void> {
    this.span.full = true;
    return new Promise((enter) => {
      const place = this.waiting.findIndex((other) => other.priority < priority);
      this.waiting.splice(place < 0 ? this.waiting.length : place, 0, { priority, enter });
    });
  }

  private letIn(): void {
    while (this.inFlight < this.concurrency.limit) {
      const next = this.waiting.shift();
      if (!next) return;
      this.inFlight += 1;
      next.enter();
    }
  }

  private judge(): void {
    if (this.fixed !== null) return;
    const { began, ...counted } = this.span;
    const now = performance.now();
    const ms = now - began;
    if (ms < SHORTEST_SPAN_MS || counted.answered + counted.failed < this.concurrency.limit) return;
    this.concurrency = adapt(this.concurrency, { ms, ...counted });
    this.span = { began: now, answered: 0, failed: 0, full: this.waiting.length > 0 };
  }
}

/** No answer, or 5xx: the endpoint has more to do than it can. */
const isOverload = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === 'MODEL_UNAVAILABLE';
