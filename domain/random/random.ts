import { digestOf } from './seed';

/** A stream of pseudo-random choices; equal seeds give equal streams. */
export interface Random {
  /** A float in [0, 1) with 32 random bits. */
  uniform(): number;
  /** An unbiased integer in 0 … n − 1; n is at least 1 and at most 2³². */
  integer(n: number): number;
  /** One item; throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** The first `count` items of a shuffled copy; fewer when there are fewer. */
  sample<T>(items: readonly T[], count: number): T[];
}

/** sfc32 (Chris Doty-Humphrey, PractRand): small, fast, and good enough for any choice that is not a secret. */
function sfc32(a: number, b: number, c: number, counter: number): () => number {
  return () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
}

/** A random stream. Its state comes from SHA-256 of the seed, so that neighbouring seeds share nothing. */
export function createRandom(seed: number): Random {
  const state = digestOf([seed]);
  const next = sfc32(state.readInt32BE(0), state.readInt32BE(4), state.readInt32BE(8), state.readInt32BE(12));

  const integer = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`cannot draw an integer below ${n}: expected a whole number in 1 … 2^32`);
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    let drawn = next();
    while (drawn >= limit) drawn = next();
    return drawn % n;
  };

  const shuffle = <T>(items: readonly T[]): T[] => {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i -= 1) {
      const j = integer(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
    }
    return shuffled;
  };

  return {
    uniform: () => next() / 2 ** 32,
    integer,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError('cannot pick from an empty list');
      return items[integer(items.length)] as T;
    },
    shuffle,
    sample: (items, count) => shuffle(items).slice(0, Math.max(0, count)),
  };
}
