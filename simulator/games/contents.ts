/** The words that tasks are made of. Each is one word, so that a small model can look it up in one step. */
const list = (words: string): readonly string[] => words.split(' ');

export const ITEMS = list(
  'bike lamp desk sofa phone guitar camera tent chair clock piano radio skates table tools watch',
);
export const GOODS = list('apples bread cheese eggs fish grapes honey plums rice salt tea wine');
export const CAUSES = list('animals schools parks music health rivers libraries sports trees museums');
export const DAYS = list('monday tuesday wednesday thursday friday saturday sunday');
export const RANKS = ['first', 'second', 'third', 'fourth'] as const;

/** Amounts in dollars that may be said: 0, 5 … 150. */
export const AMOUNTS: readonly number[] = Array.from({ length: 31 }, (_, i) => 5 * i);

const VALUES: ReadonlySet<string> = new Set(['and', ...GOODS, ...CAUSES, ...DAYS, ...AMOUNTS.map(String)]);
const AMOUNT_WORDS: ReadonlySet<string> = new Set(AMOUNTS.map(String));

/** Whether a word alone is a piece of a game's contents. */
export const isValue = (word: string): boolean => VALUES.has(word);

/** The amounts said in a text, in dollars. */
export function amountsIn(words: readonly string[]): number[] {
  return words.filter((word) => AMOUNT_WORDS.has(word)).map(Number);
}

/** To the next multiple of five, at least five. */
export const nearestFive = (value: number): number => Math.max(5, 5 * Math.round(value / 5));
