import type { Action } from '../../schemas/episode';

/** White space that is no single space: most sayings have none, and each is read at every later turn. */
const UNEVEN_SPACE = /\s{2,}|[^\S ]/g;

/**
 * An action as others perceive it, in Sotopia's words, always on one line: what a model says can never look like a
 * turn of somebody else.
 */
export function perceive({ type, argument: text }: Action): string {
  const argument = text.replace(UNEVEN_SPACE, ' ').trim();
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
