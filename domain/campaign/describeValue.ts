import { isMapping, type Path } from './specIssue';

const LONGEST_TEXT = 60;
const MOST_KEYS = 8;

export const quoted = (text: string): string => JSON.stringify(text);

/** `"a", "b" or "c"`. */
export function alternatives(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}

/**
 * A value of a campaign file in a few words. Where a secret may stand by mistake, only its length is told: the message
 * may end up in a log.
 */
export function describeValue(value: unknown, path: Path): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') {
    if (path.at(-1) === 'apiKeyEnv') return `a text of ${value.length} characters`;
    return quoted(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (isMapping(value)) return describeKeys(Object.keys(value));
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a ${typeof value}`;
}

function describeKeys(keys: readonly string[]): string {
  if (keys.length === 0) return 'an empty mapping';
  const shown = keys.slice(0, MOST_KEYS).join(', ');
  return `a mapping of ${shown}${keys.length > MOST_KEYS ? ', …' : ''}`;
}
