import { createRandom, seedOf } from '../random';
import type { SourceFile } from './jsonLines';
import { comparable, oneLine } from './normalise';

/** One source of keywords, such as situations of Social Chemistry. */
export interface KeywordPool {
  name: string;
  /** In the order in which they are drawn. */
  keywords: string[];
}

/** What became of a pool's lines. */
export interface PoolCounts {
  pool: string;
  lines: number;
  /** Said already in this pool or an earlier one. */
  duplicates: number;
  excluded: number;
  available: number;
}

/**
 * Makes pools of the lines of text files: one keyword a line, without duplicates across all pools and without
 * excluded ones (both compared by their words, without case and punctuation), each pool shuffled by the seed.
 */
export function prepareKeywords(
  files: readonly SourceFile[],
  excluded: string,
  seed: number,
): { pools: KeywordPool[]; counts: PoolCounts[] } {
  const forbidden = new Set(linesOf(excluded).map(comparable));
  const seen = new Set<string>();
  const prepared = files.map((file) => {
    const counts = { pool: file.name, lines: 0, duplicates: 0, excluded: 0, available: 0 };
    const keywords: string[] = [];
    for (const keyword of linesOf(file.text)) {
      const key = comparable(keyword);
      counts.lines += 1;
      if (forbidden.has(key)) counts.excluded += 1;
      else if (seen.has(key)) counts.duplicates += 1;
      else keywords.push(keyword);
      seen.add(key);
    }
    counts.available = keywords.length;
    const shuffled = createRandom(seedOf(seed, 'keywords', file.name)).shuffle(keywords);
    return { pool: { name: file.name, keywords: shuffled }, counts };
  });
  return { pools: prepared.map(({ pool }) => pool), counts: prepared.map(({ counts }) => counts) };
}

const linesOf = (text: string): string[] =>
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map(oneLine)
    .filter((line) => comparable(line) !== '');
