import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { bootstrapMeans, mean, pairedTTest } from '../../domain/statistics';
import { quantile } from '../../domain/statistics/bootstrap';
import { createRandom } from '../../domain/random';

const between = (better: readonly number[], worse: readonly number[]) =>
  better.map((value, index) => value - (worse[index] ?? Number.NaN));

describe('pairedTTest', () => {
  it("gives Student's p for his sleep data (1908): t = 4.062, 9 degrees of freedom", () => {
    const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    expect(pairedTTest(between(second, first))).toBeCloseTo(0.002832890197384273, 12);
    expect(pairedTTest(between(first, second))).toBeCloseTo(0.002832890197384273, 12);
  });

  it("gives Fisher's p for Darwin's maize (1935): t = 2.148, 14 degrees of freedom", () => {
    const crossed = [
      23.5, 12, 21, 22, 19.125, 21.5, 22.125, 20.375, 18.25, 21.625, 23.25, 21, 22.125, 23, 12,
    ];
    const selfed = [
      17.375, 20.375, 20, 20, 18.375, 18.625, 18.625, 15.25, 16.5, 18, 16.25, 18, 12.75, 15.5, 18,
    ];
    expect(pairedTTest(between(crossed, selfed))).toBeCloseTo(0.049702944021800866, 12);
  });

  it('keeps its precision far in the tail (reference: scipy 1.x)', () => {
    const differences = Array.from({ length: 60 }, (_, index) => 1 + 0.05 * ((index * 7) % 11));
    expect(pairedTTest(differences) / 1.015781728661488e-54).toBeCloseTo(1, 6);
  });

  it('says 1 when nothing differs, 0 when all differ alike, and 1 for a single pair', () => {
    expect(pairedTTest([0, 0, 0])).toBe(1);
    expect(pairedTTest([0.1, 0.1, 0.1, 0.1, 0.1])).toBe(0);
    expect(pairedTTest([1e-16, 1e-16, 0, 2e-16])).toBe(1);
    expect(pairedTTest([5])).toBe(1);
    expect(pairedTTest([])).toBe(1);
  });

  it('calls about one in twenty differences of pure noise significant at 0.05', () => {
    const random = createRandom(11);
    const runs = 2000;
    let significant = 0;
    for (let run = 0; run < runs; run += 1) {
      const differences = Array.from({ length: 30 }, () => random.integer(11) - random.integer(11));
      if (pairedTTest(differences) < 0.05) significant += 1;
    }
    // 100 expected, standard deviation below 10.
    expect(Math.abs(significant - 100)).toBeLessThan(40);
  });
});

describe('quantile', () => {
  it('interpolates as numpy does by default', () => {
    const sorted = Float64Array.from([1, 2, 4, 8, 16, 32]);
    expect([0.025, 0.1, 0.5, 0.975, 0, 1].map((share) => quantile(sorted, share))).toEqual([
      1.125, 1.5, 6, 30, 1, 32,
    ]);
  });
});

describe('bootstrapMeans', () => {
  it('agrees with the whole list of possible resamplings', () => {
    const values = [0, 1, 4, 9, 10];
    const all: number[] = [];
    for (let code = 0; code < 5 ** 5; code += 1) {
      const digits = [0, 1, 2, 3, 4].map((place) => Math.floor(code / 5 ** place) % 5);
      all.push(mean(digits.map((digit) => values[digit] ?? Number.NaN)));
    }
    const exact = Float64Array.from(all).sort();
    const [interval] = bootstrapMeans([values], 40_000, 1);
    expect(interval?.mean).toBe(4.8);
    // The possible means are 0.2 apart.
    expect(Math.abs((interval?.low ?? 0) - quantile(exact, 0.025))).toBeLessThanOrEqual(0.21);
    expect(Math.abs((interval?.high ?? 0) - quantile(exact, 0.975))).toBeLessThanOrEqual(0.21);
  });

  it('covers the true mean about 95 times in 100', () => {
    const random = createRandom(5);
    const runs = 200;
    let covered = 0;
    for (let run = 0; run < runs; run += 1) {
      const values = Array.from({ length: 60 }, () => random.integer(11));
      const [interval] = bootstrapMeans([values], 300, run);
      if (interval && interval.low <= 5 && 5 <= interval.high) covered += 1;
    }
    // 190 expected, standard deviation about 3.1; percentile intervals are a little short.
    expect(covered).toBeGreaterThan(177);
    expect(covered).toBeLessThan(200);
  });

  it('gives the same interval for the same seed, and holds the mean between its ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        (values, seed) => {
          const [interval] = bootstrapMeans([values], 200, seed);
          expect(bootstrapMeans([values], 200, seed)).toEqual([interval]);
          expect(interval && interval.low <= interval.high).toBe(true);
          expect(
            interval && interval.low >= Math.min(...values) && interval.high <= Math.max(...values),
          ).toBe(true);
        },
      ),
    );
  });

  it('resamples whole tasks: metrics of one task stay together', () => {
    const values = [1, 5, 9, 2, 7];
    const [first, negated] = bootstrapMeans([values, values.map((value) => -value)], 500, 3);
    expect(negated?.low).toBeCloseTo(-(first?.high ?? 0), 12);
    expect(negated?.high).toBeCloseTo(-(first?.low ?? 0), 12);
  });

  it('refuses to invent a mean of nothing', () => {
    expect(() => bootstrapMeans([[]], 100, 1)).toThrow(RangeError);
    expect(() => bootstrapMeans([[1], [1, 2]], 100, 1)).toThrow(/one value per cluster/);
    expect(() => mean([])).toThrow(RangeError);
  });

  it('resamples eight metrics of 300 tasks 2,000 times well within a second', () => {
    const series = Array.from({ length: 8 }, (_, metric) =>
      Array.from({ length: 300 }, (__, task) => (task * 7 + metric) % 11),
    );
    const times = [1, 2, 3].map((seed) => {
      const before = performance.now();
      bootstrapMeans(series, 2000, seed);
      return performance.now() - before;
    });
    // Measured 80–130 ms; the bound leaves room for a loaded machine.
    expect(Math.min(...times)).toBeLessThan(800);
  });
});
