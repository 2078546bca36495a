import { setTimeout as delay } from 'node:timers/promises';
import { ConcurrencyGate } from '../../activities/models/rateLimits/concurrencyGate';
import { adapt, type Concurrency, firstConcurrency } from '../../domain/rateLimits/concurrency';

interface Server {
  /** Answers a second, by how many calls are under way. */
  perSecond: (calls: number) => number;
  /** More calls than this at once, and some fail. */
  breaksAbove?: number;
}

/** The limits of a worker that always has as many calls as `wanted`, span by span. */
function limits({ perSecond, breaksAbove = Infinity }: Server, wanted: number, spans: number): number[] {
  let concurrency: Concurrency = firstConcurrency();
  return Array.from({ length: spans }, () => {
    const calls = Math.min(wanted, concurrency.limit);
    concurrency = adapt(concurrency, {
      ms: 1_000,
      answered: perSecond(calls),
      failed: calls > breaksAbove ? 0.2 * perSecond(calls) : 0,
      full: wanted > concurrency.limit,
    });
    return concurrency.limit;
  });
}

const last = (values: readonly number[]): number => values.at(-1) ?? 0;

test('a fast endpoint is asked as much at once as the campaign wants, within a few spans', () => {
  expect(last(limits({ perSecond: (calls) => calls / 0.2 }, 500, 5))).toBeGreaterThanOrEqual(500);
});

test('an endpoint that answers no faster from some number on is not asked for much more than that', () => {
  const spans = limits({ perSecond: (calls) => Math.min(calls, 100) / 2 }, 500, 60);
  expect(Math.min(...spans.slice(2))).toBeGreaterThanOrEqual(100);
  expect(last(spans)).toBeLessThanOrEqual(256);
});

test('one that breaks down under too much is asked for nearly as much as it bears', () => {
  const spans = limits({ perSecond: (calls) => calls, breaksAbove: 20 }, 500, 60).slice(20);
  const mean = spans.reduce((sum, limit) => sum + limit, 0) / spans.length;
  expect(mean).toBeGreaterThan(14);
  expect(Math.max(...spans)).toBeLessThanOrEqual(24);
});

test('an endpoint that is away, or that fails now and then, is asked as before', () => {
  const away = adapt(firstConcurrency(), { ms: 1_000, answered: 0, failed: 40, full: true });
  expect(away.limit).toBe(32);
  const flaky = adapt(firstConcurrency(), { ms: 1_000, answered: 99, failed: 1, full: false });
  expect(flaky.limit).toBe(32);
});

test('a limit at which no call waits stays', () => {
  expect(new Set(limits({ perSecond: (calls) => calls }, 10, 10))).toEqual(new Set([32]));
});

test('what waits at the gate comes in by its priority, and every call comes through', async () => {
  const gate = new ConcurrencyGate();
  const order: number[] = [];
  const call = (priority: number) =>
    gate.pass(priority, async () => {
      order.push(priority);
      await delay(5);
    });
  await Promise.all([...Array.from({ length: 64 }, () => call(0)), call(1)]);
  expect(order).toHaveLength(65);
  expect(order.indexOf(1)).toBe(32);
});
