/** The words of a text for comparing: lower case, without punctuation and tags; `limit=40` stays one word. */
export function comparableWords(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/<\/?[a-z][^<>]*>/g, ' ')
      .match(/[\p{L}\p{M}\p{N}_=]+/gu) ?? []
  );
}

/** A text in its comparable form: two texts with the same words in the same order are equal. */
export const comparable = (text: string): string => comparableWords(text).join(' ');

/** A text on one line with single spaces. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/**
 * Stands for a pair of goals when looking for exact duplicates: whatever the scenario says, and whichever side has
 * which goal. Swapped sides are the same conflict, since evaluation plays every task in both positions.
 */
export const goalsKey = (goals: readonly [string, string]): string =>
  JSON.stringify(goals.map(comparable).sort());
