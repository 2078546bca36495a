import fc from 'fast-check';
import { advance, emptyLimit, type Report } from '../../domain/rateLimits/advance';
import { bookSlots, HORIZON_MS, spacingOf } from '../../domain/rateLimits/pacing';
import type { SharedLimit } from '../../schemas/rateLimit';

const MINUTE_MS = 60_000;
const START = 1_000_000;

/** Most of these times that lie in any span of so long. */
function mostWithin(times: readonly number[], span: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let from = 0;
  return sorted.reduce((most, time, index) => {
    while ((sorted[from] as number) <= time - span) from += 1;
    return Math.max(most, index - from + 1);
  }, 0);
}

interface Simulated {
  /** Calls by campaign and priority, each at the time at which it was made. */
  calls: Map<string, number[]>;
  shared: SharedLimit;
}

interface Worker {
  campaign: string;
  /** Calls a second that it would make, unlimited. */
  demand: number;
  priority?: number;
  /** From when on, in seconds. */
  from?: number;
}

/** Workers that report about as often as real ones do, and use each slot a little late. */
function simulate(
  workers: readonly Worker[],
  settings: SharedLimit['learned'],
  seconds: number,
  chance: () => number,
): Simulated {
  let shared = emptyLimit({ baseUrl: 'http://provider/v1', model: 'm' });
  const calls = new Map<string, number[]>();
  const due = workers.map(({ from = 0 }) => START + 1000 * from + 400 * chance());
  const waiting = workers.map(() => 0);
  for (;;) {
    const now = Math.min(...due);
    if (now > START + 1000 * seconds) return { calls, shared };
    const index = due.indexOf(now);
    const { campaign, demand, priority = 0 } = workers[index] as Worker;
    const pause = 300 + 150 * chance();
    due[index] = now + pause;
    waiting[index] = Math.min(200, (waiting[index] as number) + (demand * pause) / 1000);
    const wants = [{ campaign, priority, calls: Math.floor(waiting[index] as number) }];
    const report: Report = {
      settings,
      announced: null,
      refusals: null,
      excessTokens: 0,
      tokensPerCall: 100,
      wants,
    };
    const advanced = advance(shared, report, now);
    ({ shared } = advanced);
    const slots = advanced.slots.get(campaign) ?? [];
    waiting[index] = (waiting[index] as number) - slots.length;
    const made = slots.map((slot) => Math.max(slot, now) + 20 * chance());
    const name = priority === 0 ? campaign : `${campaign} ${priority}`;
    calls.set(name, [...(calls.get(name) ?? []), ...made]);
  }
}

/** A stream of fractions from a seed (mulberry32). */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const all = ({ calls }: Simulated): number[] => [...calls.values()].flat();
const within = (times: readonly number[], from: number, to: number): number =>
  times.filter((time) => time >= START + 1000 * from && time < START + 1000 * to).length;

test('no minute ever holds more calls than the limit, however many workers want how much and when', () => {
  const worker = fc.record({
    campaign: fc.constantFrom('a', 'b', 'c'),
    demand: fc.integer({ min: 1, max: 100 }),
    from: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(
      fc.array(worker, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 5, max: 3000 }),
      fc.integer(),
      (workers, requests, seed) => {
        const simulated = simulate(workers, { requests, tokens: null }, 150, chanceOf(seed));
        expect(mostWithin(all(simulated), MINUTE_MS)).toBeLessThanOrEqual(requests);
      },
    ),
    { numRuns: 60 },
  );
});

test('a limit that is wanted is used to 95 % and more, by one worker or by many', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 60, max: 3000 }),
      fc.integer(),
      (count, requests, seed) => {
        const workers = Array.from({ length: count }, (_, index) => ({
          campaign: `campaign-${index % 3}`,
          demand: (1.5 * requests) / 60,
        }));
        const simulated = simulate(workers, { requests, tokens: null }, 90, chanceOf(seed));
        expect(within(all(simulated), 20, 80)).toBeGreaterThanOrEqual(0.95 * requests);
      },
    ),
    { numRuns: 40 },
  );
});

test('campaigns that both want a limit get half of it each, however many workers they have', () => {
  const crowd = Array.from({ length: 6 }, () => ({ campaign: 'large', demand: 100 }));
  const simulated = simulate(
    [...crowd, { campaign: 'small', demand: 100 }],
    { requests: 1200, tokens: null },
    70,
    chanceOf(7),
  );
  const small = within(simulated.calls.get('small') ?? [], 5, 65);
  expect(small).toBeGreaterThanOrEqual(0.45 * 1200);
  expect(small).toBeLessThanOrEqual(0.55 * 1200);
});

test('what one campaign does not want the other gets, and a late one its half at once', () => {
  const simulated = simulate(
    [
      { campaign: 'first', demand: 100 },
      { campaign: 'modest', demand: 2 },
      { campaign: 'late', demand: 100, from: 30 },
    ],
    { requests: 1200, tokens: null },
    60,
    chanceOf(11),
  );
  const [first, modest, late] = ['first', 'modest', 'late'].map((name) => simulated.calls.get(name) ?? []);
  expect(within(modest ?? [], 5, 25)).toBeGreaterThanOrEqual(36);
  expect(within(first ?? [], 5, 25)).toBeGreaterThanOrEqual(0.93 * 18 * 20);
  expect(within(late ?? [], 33, 57)).toBeGreaterThanOrEqual(0.93 * 9 * 24);
});

test.each([
  [100, 0, 0.1],
  [4, 0.5, 0.65],
])(
  'of one campaign, the calls that more stages wait for come first, and others get what these leave (%d a second wanted)',
  (demand, least, most) => {
    const workers = [
      { campaign: 'one', demand: 100, priority: 1 },
      { campaign: 'one', demand, priority: 7 },
    ];
    const simulated = simulate(workers, { requests: 600, tokens: null }, 40, chanceOf(3));
    const others = within(simulated.calls.get('one 1') ?? [], 5, 35) / (10 * 30);
    expect(within(all(simulated), 5, 35)).toBeGreaterThanOrEqual(0.95 * 10 * 30);
    expect(others).toBeGreaterThanOrEqual(least);
    expect(others).toBeLessThanOrEqual(most);
  },
);

test('a limit of tokens is kept beside one of requests, whichever binds', () => {
  const limits = { requests: 600, tokens: 60_000 };
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 10, max: 400 }), { minLength: 100, maxLength: 200 }), (sizes) => {
      let booked = { requests: 0, tokens: 0 };
      const made: { at: number; tokens: number }[] = [];
      for (const [index, tokens] of sizes.entries()) {
        const now = START + index * 700;
        const spacing = spacingOf(limits, 1, tokens);
        const step = bookSlots(booked, { spacing, now, until: now + HORIZON_MS, most: 1000 });
        ({ booked } = step);
        made.push(...step.slots.map((at) => ({ at, tokens })));
      }
      expect(
        mostWithin(
          made.map(({ at }) => at),
          MINUTE_MS,
        ),
      ).toBeLessThanOrEqual(limits.requests);
      for (const { at } of made) {
        const minute = made.filter((one) => one.at >= at && one.at < at + MINUTE_MS);
        const [last] = minute.slice(-1);
        const tokens = minute.reduce((sum, one) => sum + one.tokens, 0);
        expect(tokens - (last?.tokens ?? 0)).toBeLessThanOrEqual(limits.tokens);
      }
    }),
    { numRuns: 30 },
  );
});
