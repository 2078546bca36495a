import { createHash } from 'node:crypto';

/** What a seed may be derived from; kept apart by type and order, so that ("a", "bc") and ("ab", "c") differ. */
export type SeedPart = string | number | boolean | null;

/** SHA-256 over the JSON text of the parts. */
export function digestOf(parts: readonly SeedPart[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}

/**
 * A seed derived from a name: the same parts give the same seed on every machine.
 * @returns an integer in 0 … 2³¹ − 1, which every model API and training library accepts as a seed.
 */
export function seedOf(...parts: SeedPart[]): number {
  return digestOf(parts).readUInt32BE(0) & 0x7fffffff;
}
