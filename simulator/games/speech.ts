import type { SpokenAct } from '../acts';
import type { Random } from '../random';
import { wordsOf } from '../words';
import { isValue } from './contents';

const ACCEPTS = ['deal , i agree .', 'fine , i accept .', 'yes , i agree to that .', 'ok , that is a deal .'];
const AGREEING = new Set(['agree', 'agreed', 'accept', 'accepted', 'deal']);
const NEGATIONS = new Set(['no', 'not', 'never', 'cannot', "can't", "don't", "won't", 'without']);
const SENTENCE_ENDS = new Set(['.', '!', '?', ',', ';', ':']);

/** Phrases with `{items}` and `{amount}` to fill in. */
export function fill(phrase: string, items: readonly string[], amount?: number): string {
  return phrase.replace('{items}', items.join(' and ')).replace('{amount}', String(amount));
}

export const sayAccept = (random: Random): string => random.pick(ACCEPTS);

/** The words of an utterance without a leading echo such as `45 ?` or `rivers and 20 ?`. */
export function wordsWithoutEcho(text: string): string[] {
  const words = wordsOf(text);
  const mark = words.indexOf('?');
  return mark > 0 && words.slice(0, mark).every(isValue) ? words.slice(mark + 1) : words;
}

/** Acceptance and questions are said alike in all games; the rest is the game's own. */
export function readCommonAct(words: readonly string[]): SpokenAct | undefined {
  if (words.some((word, index) => AGREEING.has(word) && isAffirmed(words, index))) return { kind: 'accept' };
  if (words.includes('you') && (words.includes('what') || words.includes('when'))) return { kind: 'ask' };
  return undefined;
}

/** `no deal`, `i do not agree` and `do you agree ?` accept nothing. */
function isAffirmed(words: readonly string[], index: number): boolean {
  for (let i = index - 1; i >= Math.max(0, index - 2); i--) {
    const before = words[i] as string;
    if (SENTENCE_ENDS.has(before)) break;
    if (NEGATIONS.has(before)) return false;
  }
  return words.slice(index).find((word) => word === '.' || word === '!' || word === '?') !== '?';
}
