/** Control characters other than line breaks, further line separators, and marks that reverse what is read. */
const ACTIVE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text in which models, providers or foreign files had a say, for a terminal: it is shown and does nothing. What would
 * act is written as JSON writes it, so that a JSON document stays the same document.
 */
export const inert = (text: string): string =>
  text.replace(ACTIVE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The same where one line is meant: no text can look like a line of ours. */
export const inertLine = (text: string): string => inert(text.replace(/\s*\n\s*/g, ' '));
