/** Mistakes that still count as a slip: one in three letters, at least one, and never the whole word. */
const mistakesAllowed = (word: string): number => Math.max(1, Math.floor(word.length / 3));

/**
 * The candidate most like a word, if one is like it at all: by edits with transpositions, without case, or because one
 * begins with the other (`apiKey`, `apiKeyEnv`).
 */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const near = candidates
    .map((candidate) => ({ candidate, distance: distanceBetween(lower, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) =>
        distance <= Math.min(mistakesAllowed(word), candidate.length - 1) ||
        beginsWith(lower, candidate.toLowerCase()),
    )
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

const SHORTEST_BEGINNING = 3;

/** One begins with the other, and is at least half of it. */
function beginsWith(a: string, b: string): boolean {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  return (
    shorter.length >= SHORTEST_BEGINNING && longer.startsWith(shorter) && longer.length <= 2 * shorter.length
  );
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function distanceBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, substitution, swap));
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
