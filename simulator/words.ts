const WORD = /[\p{L}\p{N}_'’-]+(?:=[\p{L}\p{N}_-]+)?|[.,?!:;]/gu;

/** Words in lower case, punctuation as words of its own: `I can do 45, ok?` → `i can do 45 , ok ?`. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

/** Number of words between white space: what this server counts as tokens. */
export function countWords(text: string): number {
  let count = 0;
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const space = text.charCodeAt(i) <= 32;
    if (!space && !inside) count++;
    inside = !space;
  }
  return count;
}

/** The values of all `key=value` words named so: `valuesOf(['first=tea'], 'first')` → `['tea']`. */
export function valuesOf(words: readonly string[], key: string): string[] {
  const prefix = `${key}=`;
  return words.filter((word) => word.startsWith(prefix)).map((word) => word.slice(prefix.length));
}

/** The amount of the first `key=40` word, if it is a whole number. */
export function amountOf(words: readonly string[], key: string): number | undefined {
  const value = valuesOf(words, key)[0];
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
