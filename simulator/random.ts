import { createHash } from 'node:crypto';

/** A stream of pseudo-random numbers; equal seeds give equal streams on every machine. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** True with the given probability (0..1). */
  chance(probability: number): boolean;
  /** An integer in 0..count-1. */
  below(count: number): number;
  /** One of the items; the list must not be empty. */
  pick<Item>(items: readonly Item[]): Item;
  /** `count` different items in random order. */
  sample<Item>(items: readonly Item[], count: number): Item[];
}

/**
 * sfc32 (Chris Doty-Humphrey's "small fast counter", 128 bits of state), its state taken from SHA-256 of the
 * seed parts. Parts are hashed as JSON, so ['a', 'b'] and ['ab'] differ.
 */
export function seededRandom(...parts: readonly unknown[]): Random {
  return randomOf(sfc32(createHash('sha256').update(JSON.stringify(parts)).digest()));
}

function sfc32(state: Buffer): () => number {
  let a = state.readUInt32LE(0) | 0;
  let b = state.readUInt32LE(4) | 0;
  let c = state.readUInt32LE(8) | 0;
  let counter = state.readUInt32LE(12) | 0;
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

function randomOf(next: () => number): Random {
  const below = (count: number): number => Math.floor(next() * count);
  const pick = <Item>(items: readonly Item[]): Item => {
    if (items.length === 0) throw new RangeError('cannot pick from an empty list');
    return items[below(items.length)] as Item;
  };
  const sample = <Item>(items: readonly Item[], count: number): Item[] => {
    const rest = [...items];
    const take = () => rest.splice(below(rest.length), 1)[0] as Item;
    return Array.from({ length: Math.min(count, items.length) }, take);
  };
  return { next, chance: (probability) => next() < probability, below, pick, sample };
}
