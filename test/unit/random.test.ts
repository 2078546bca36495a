import fc from 'fast-check';
import { createRandom, seedOf } from '../../domain/random';

describe('seedOf', () => {
  it('gives a 31-bit non-negative integer for any parts', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.boolean())), (parts) => {
        const seed = seedOf(...parts);
        expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31).toBe(true);
      }),
    );
  });

  it('keeps parts apart by place and type', () => {
    expect(new Set([seedOf('a', 'bc'), seedOf('ab', 'c'), seedOf('bc', 'a')]).size).toBe(3);
    expect(seedOf('1')).not.toBe(seedOf(1));
  });

  it('never changes: campaigns recorded with it must stay reproducible', () => {
    expect([seedOf('campaign', 7), seedOf('campaign', 8)]).toEqual([342888075, 709402266]);
  });
});

describe('createRandom', () => {
  it('gives equal streams for equal seeds and other streams for neighbours', () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 20 }, () => random.integer(1000));
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });

  it('never changes: campaigns recorded with it must stay reproducible', () => {
    const random = createRandom(1);
    expect(Array.from({ length: 6 }, () => random.integer(100))).toEqual([79, 31, 29, 67, 61, 49]);
  });

  it('shuffles to a permutation and samples without repetition', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), fc.nat(50), (items, seed, count) => {
        const numbered = items.map((item, index) => ({ item, index }));
        const shuffled = createRandom(seed).shuffle(numbered);
        expect([...shuffled].sort((a, b) => a.index - b.index)).toEqual(numbered);
        const sample = createRandom(seed).sample(numbered, count);
        expect(sample).toEqual(shuffled.slice(0, count));
      }),
    );
  });

  it('draws every value about equally often', () => {
    const random = createRandom(3);
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 70_000; i += 1) {
      const value = random.integer(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    // 70,000 draws over 7 values: standard deviation of a count is about 93, so 500 is beyond five of them.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('says what is wrong when nothing can be drawn', () => {
    expect(() => createRandom(1).integer(0)).toThrow(/integer below 0/);
    expect(() => createRandom(1).pick([])).toThrow(/empty list/);
  });
});
