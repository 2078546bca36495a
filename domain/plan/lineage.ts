import type { Round } from '../../schemas/campaign';

/** Name of the policy that every campaign starts from. */
export const BASE = 'base';

/** Each round with the policy it starts from: the one it names, else the round before, else base. */
export function startingPoints(rounds: readonly Round[]): [Round, string][] {
  return rounds.map((round, index) => [round, round.from ?? rounds[index - 1]?.name ?? BASE]);
}

/** Differences to test: each round with the policy it started from, with base, and with later rounds from the same. */
export function comparisonsOf(rounds: readonly Round[], evaluated: ReadonlySet<string>): [string, string][] {
  const lineage = startingPoints(rounds);
  const pairs = lineage.flatMap(([{ name }, from], index): [string, string][] => [
    [name, from],
    ...(from === BASE ? [] : [[name, BASE] as [string, string]]),
    ...lineage
      .slice(index + 1)
      .filter(([, start]) => start === from)
      .map(([sibling]): [string, string] => [name, sibling.name]),
  ]);
  return pairs.filter((pair) => pair.every((name) => evaluated.has(name)));
}
