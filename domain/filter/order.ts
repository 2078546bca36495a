import { createHash } from 'node:crypto';
import type { RatedSide, ScoredSide } from './ratedSide';

/** By code unit: the same on every machine, whatever its language. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A lot drawn for a side: hex SHA-256 of purpose, seed and side. Lots of different purposes are independent. */
export const lotOf = (purpose: 'tie' | 'draw', seed: number, side: RatedSide): string =>
  createHash('sha256')
    .update(JSON.stringify([purpose, seed, side.episode, side.position]))
    .digest('hex');

/** Best first: goal, then overall, then the lot. A total order, since lots differ. */
export const bestFirst = (a: ScoredSide, b: ScoredSide): number =>
  b.goal - a.goal || b.overall - a.overall || compareText(a.lot, b.lot);

/** The sides of each task and position, each group best first. */
export function groupsOf(sides: readonly ScoredSide[]): ScoredSide[][] {
  const groups = new Map<string, ScoredSide[]>();
  for (const side of [...sides].sort(bestFirst)) {
    const key = JSON.stringify([side.task, side.position]);
    const group = groups.get(key);
    if (group) group.push(side);
    else groups.set(key, [side]);
  }
  return [...groups.values()];
}
