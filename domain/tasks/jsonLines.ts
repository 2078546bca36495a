import { createHash } from 'node:crypto';
import { type ImportFinding, shown } from './findings';

/** An imported file: its name, for messages and provenance, and its whole text. */
export interface SourceFile {
  name: string;
  text: string;
}

/** One JSON object of a JSONL file. */
export interface SourceLine {
  file: string;
  /** Counted from 1. */
  line: number;
  /** SHA-256 of the line's text. */
  digest: string;
  record: Readonly<Record<string, unknown>>;
}

/** Python writes missing numbers as NaN, which is no JSON. Strings are matched first, so that text stays as it is. */
const STRING_OR_NAN = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** Reads JSONL; a line that is no JSON object becomes a finding. Empty lines, a byte order mark and CRLF are nothing odd. */
export function readJsonLines(file: SourceFile, findings: ImportFinding[]): SourceLine[] {
  const lines: SourceLine[] = [];
  for (const [index, raw] of file.text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const text = raw.trim();
    if (text === '') continue;
    const at = { file: file.name, line: index + 1 };
    const record = parseRecord(text, (finding) => findings.push({ ...at, ...finding }));
    if (record === undefined) continue;
    lines.push({ ...at, digest: createHash('sha256').update(text).digest('hex'), record });
  }
  return lines;
}

function parseRecord(
  text: string,
  report: (finding: Omit<ImportFinding, 'file' | 'line'>) => void,
): Record<string, unknown> | undefined {
  let value = parseJson(text);
  if (value === undefined) {
    value = parseJson(text.replace(STRING_OR_NAN, (match) => (match.startsWith('"') ? match : 'null')));
    if (value !== undefined) {
      report({
        severity: 'note',
        kind: 'nan-value',
        field: '',
        found: 'NaN or Infinity',
        did: 'read as null',
      });
    }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  const did = 'left the line out: expected one JSON object a line';
  report({ severity: 'error', kind: 'unreadable-line', field: '', found: shown(text), did });
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
