/** What was odd about a line of an imported file. */
export const FINDING_KINDS = [
  'unreadable-line',
  'nan-value',
  'missing-field',
  'wrong-type',
  'number-as-text',
  'list-as-text',
  'surrounding-space',
  'unknown-field',
  'ignored-field',
  'relationship-as-text',
  'no-constraint-as-text',
  'constraint-unreadable',
  'missing-id',
  'duplicate-id',
  'not-two-goals',
  'same-goals',
  'duplicate-task',
  'near-duplicate',
  'unknown-agent',
  'unknown-task',
  'same-agent',
  'duplicate-pair',
  'pair-outside-constraints',
  'pair-without-relationship',
  'nobody-fits',
  'not-used',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/**
 * One thing found in an imported file, and what was done about it. `note`: read as meant, nothing lost. `warning`:
 * something in the file is not honoured. `error`: the line is left out.
 */
export interface ImportFinding {
  severity: 'note' | 'warning' | 'error';
  kind: FindingKind;
  file: string;
  /** Counted from 1. */
  line: number;
  field: string;
  found: string;
  did: string;
}

/** Findings of the same kind in the same field of a file, with the first lines they stand in. */
export interface FindingSummary extends Omit<ImportFinding, 'line'> {
  count: number;
  lines: number[];
}

const LONGEST_FOUND = 120;
const LINES_NAMED = 5;

/** A value as a finding shows it: JSON, cut at 120 characters. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND - 1)}…` : text;
}

/** Groups findings by file, kind and field in the order of their first line; `found` and `did` are the first one's. */
export function summariseFindings(findings: readonly ImportFinding[]): FindingSummary[] {
  const groups = new Map<string, FindingSummary>();
  for (const { line, ...finding } of findings) {
    const key = JSON.stringify([finding.file, finding.severity, finding.kind, finding.field]);
    const group = groups.get(key) ?? { ...finding, count: 0, lines: [] };
    group.count += 1;
    if (group.lines.length < LINES_NAMED) group.lines.push(line);
    groups.set(key, group);
  }
  return [...groups.values()];
}
