import { comparableWords } from './normalise';

/** The texts of a task that are compared; a trigram never runs from one text into the next. */
export type ComparedTexts = readonly string[];

export interface Neighbour {
  id: string;
  /** Jaccard similarity of the sets of word trigrams, 0 … 1. */
  similarity: number;
}

/** The set of word trigrams; a text of fewer than three words counts as one. */
export function wordTrigrams(texts: ComparedTexts): Set<string> {
  const trigrams = new Set<string>();
  for (const text of texts) {
    const words = comparableWords(text);
    if (words.length === 0) continue;
    for (let i = 0; i < Math.max(1, words.length - 2); i += 1) trigrams.add(words.slice(i, i + 3).join(' '));
  }
  return trigrams;
}

/**
 * Finds the nearest of all texts added so far. An inverted index from trigram to texts: a query only meets those
 * that share a trigram, so ten thousand tasks take seconds, and the result is exact.
 */
export class SimilarityIndex {
  private readonly postings = new Map<string, number[]>();
  private readonly entries: { id: string; size: number }[] = [];

  add(id: string, texts: ComparedTexts): void {
    const trigrams = wordTrigrams(texts);
    const entry = this.entries.push({ id, size: trigrams.size }) - 1;
    for (const trigram of trigrams) {
      const posting = this.postings.get(trigram);
      if (posting === undefined) this.postings.set(trigram, [entry]);
      else posting.push(entry);
    }
  }

  /** The most similar entry that passes the filter, the earliest of equals; null when none shares a trigram. */
  nearest(texts: ComparedTexts, passes: (id: string) => boolean = () => true): Neighbour | null {
    const trigrams = wordTrigrams(texts);
    const shared = new Map<number, number>();
    for (const trigram of trigrams) {
      for (const entry of this.postings.get(trigram) ?? []) shared.set(entry, (shared.get(entry) ?? 0) + 1);
    }
    let best: { entry: number; similarity: number } | undefined;
    for (const [entry, common] of shared) {
      const { id, size } = this.entries[entry] ?? { id: '', size: 0 };
      const similarity = common / (trigrams.size + size - common);
      const better = best === undefined || similarity > best.similarity;
      const earlierEqual = best !== undefined && similarity === best.similarity && entry < best.entry;
      if ((better || earlierEqual) && passes(id)) best = { entry, similarity };
    }
    return best === undefined
      ? null
      : { id: this.entries[best.entry]?.id ?? '', similarity: best.similarity };
  }
}
