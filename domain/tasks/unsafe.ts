/**
 * Stems that no generated task may contain. This is a short word list, not a safety classifier: it catches an author
 * model that plainly wrote what nobody wants to train on, and misses everything said politely. It screens generated
 * tasks only; an imported task is the researcher's own choice.
 */
const UNSAFE = [
  'rape(?:s|d|r|rs)?',
  'molest\\w*',
  'incest\\w*',
  'pa?edophil\\w*',
  'child porn\\w*',
  'suicid\\w*',
  'self harm\\w*',
  'genocid\\w*',
  'massacre\\w*',
  'behead\\w*',
  'tortur\\w*',
  'terroris\\w*',
  'car bomb\\w*',
  'pipe bomb\\w*',
  'nerve agent\\w*',
  'human trafficking',
];
const PATTERN = new RegExp(`\\b(?:${UNSAFE.join('|')})\\b`, 'i');

/** The first unsafe word of a text, or null. */
export function unsafeWord(text: string): string | null {
  return PATTERN.exec(text.replace(/[\s-]+/g, ' '))?.[0].toLowerCase() ?? null;
}
