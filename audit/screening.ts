import { PERSONAL_DATA } from './screening/personalData';
import { SECRETS } from './screening/secrets';
import type { Pattern } from './screening/pattern';

/** A place in a text that may not go out. It never repeats what it found. */
export interface Finding {
  category: 'secret' | 'personal';
  /** What it looks like, such as `AWS access key` or `e-mail address`. */
  kind: string;
  /** The text's name, as the caller gave it. */
  where: string;
  /** From 1. */
  line: number;
  /** In UTF-16 units, from 1. */
  column: number;
  /** Its first characters and its length, such as `AKIA… (20 characters)`. */
  masked: string;
}

/**
 * Looks for secrets and for personal data by their well-known forms. It finds what has such a form, not what only a
 * reader would understand: a name, an address, a password in a sentence. Names and ages of agents are no findings.
 * @param where names the text in the findings
 * @returns findings in their order in the text; what two patterns see is told once
 */
export function screen(text: string, where: string): Finding[] {
  const found = [
    ...SECRETS.flatMap((pattern) => matchesOf(pattern, 'secret', text)),
    ...PERSONAL_DATA.flatMap((pattern) => matchesOf(pattern, 'personal', text)),
  ];
  const place = placesIn(text);
  return withoutOverlaps(found).map(({ category, kind, start, value }) => ({
    category,
    kind,
    where,
    ...place(start),
    masked: masked(value),
  }));
}

interface Match {
  category: Finding['category'];
  kind: string;
  start: number;
  value: string;
}

function matchesOf({ kind, expression, isReal }: Pattern, category: Finding['category'], text: string) {
  const matches: Match[] = [];
  for (const match of text.matchAll(expression)) {
    const value = match.groups?.['value'] ?? match[0];
    if (isReal && !isReal(value)) continue;
    matches.push({ category, kind, start: match.index + match[0].lastIndexOf(value), value });
  }
  return matches;
}

/** Of matches that share characters the first stays; of two that begin together, that of the earlier pattern. */
function withoutOverlaps(matches: readonly Match[]): Match[] {
  let end = 0;
  return matches
    .toSorted((a, b) => a.start - b.start)
    .filter(({ start, value }) => {
      if (start < end) return false;
      end = start + value.length;
      return true;
    });
}

/** Tells line and column of ascending places. */
function placesIn(text: string): (start: number) => Pick<Finding, 'line' | 'column'> {
  let [line, lineStart] = [1, 0];
  return (start) => {
    for (let next = text.indexOf('\n', lineStart); next !== -1 && next < start; ) {
      line += 1;
      lineStart = next + 1;
      next = text.indexOf('\n', lineStart);
    }
    return { line, column: start - lineStart + 1 };
  };
}

const SHOWN = 4;

const masked = (value: string): string => `${value.slice(0, SHOWN)}… (${value.length} characters)`;
