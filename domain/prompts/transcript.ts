import type { Action } from '../../schemas/episode';

/** White space that is no single space, and control characters: most sayings have none, and each is read at every later turn. */
const UNEVEN_SPACE = /[\s\p{Cc}]{2,}|[^\S ]|\p{Cc}/gu;

/** Text with all its white space as single spaces: no line of it can look like one of ours. */
export const onOneLine = (text: string): string => text.replace(UNEVEN_SPACE, ' ').trim();

/**
 * An action as others perceive it, in Sotopia's words, always on one line: what a model says can never look like a
 * turn of somebody else.
 */
export const perceive = ({ type, argument }: Action): string =>
  inSotopiasWords({ type, argument: onOneLine(argument) });

/** AgentAction.to_natural_language of Sotopia: the argument as it was given, line breaks included. */
export function inSotopiasWords({ type, argument }: Action): string {
  switch (type) {
    case 'none':
      return 'did nothing';
    case 'speak':
      return `said: "${argument}"`;
    case 'leave':
      return 'left the conversation';
    default:
      return `[${type}] ${argument}`;
  }
}
