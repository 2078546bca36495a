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
  /** Shared trigrams of each entry with the current query; zero between queries. */
  private shared = new Int32Array(1024);

  add(id: string, texts: ComparedTexts): void {
    const trigrams = wordTrigrams(texts);
    const entry = this.entries.push({ id, size: trigrams.size }) - 1;
    for (const trigram of trigrams) {
      const posting = this.postings.get(trigram);
      if (posting === undefined) this.postings.set(trigram, [entry]);
      else posting.push(entry);
    }
  }

  /** The most similar entry, the earliest of equals; null when none shares a trigram. */
  nearest(texts: ComparedTexts): Neighbour | null {
    const trigrams = wordTrigrams(texts);
    let best = { entry: -1, similarity: -1 };
    for (const entry of this.countShared(trigrams)) {
      const common = this.shared[entry] ?? 0;
      this.shared[entry] = 0;
      const similarity = common / (trigrams.size + (this.entries[entry]?.size ?? 0) - common);
      const earlierEqual = similarity === best.similarity && entry < best.entry;
      if (similarity > best.similarity || earlierEqual) best = { entry, similarity };
    }
    const nearest = this.entries[best.entry];
    return nearest === undefined ? null : { id: nearest.id, similarity: best.similarity };
  }

  /** Fills `shared` and returns the entries that share a trigram, each once. */
  private countShared(trigrams: ReadonlySet<string>): number[] {
    if (this.shared.length < this.entries.length) this.shared = new Int32Array(2 * this.entries.length);
    const touched: number[] = [];
    for (const trigram of trigrams) {
      for (const entry of this.postings.get(trigram) ?? []) {
        const count = this.shared[entry] ?? 0;
        if (count === 0) touched.push(entry);
        this.shared[entry] = count + 1;
      }
    }
    return touched;
  }
}
