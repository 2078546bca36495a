import { type FindingKind, type ImportFinding, shown } from './findings';
import type { SourceLine } from './jsonLines';
import { parsePythonLiteral } from './pythonLiteral';

/** A field that must be there is missing or of no use; the line is left out. */
export class LineRefused extends Error {}

/** Reads the fields of one line, normalises what is odd about them and keeps a finding of each oddity. */
export class LineReader {
  private readonly known = new Set<string>();

  constructor(
    readonly source: SourceLine,
    private readonly findings: ImportFinding[],
  ) {}

  /** The value of a field, or undefined when it is missing or null. Marks the field as known. */
  raw(...names: string[]): unknown {
    for (const name of names) this.known.add(name);
    const name = names.find((candidate) => (this.source.record[candidate] ?? null) !== null);
    return name === undefined ? undefined : this.source.record[name];
  }

  /** Text that must be there. */
  text(...names: string[]): string {
    const value = this.raw(...names);
    return this.asText(names[0] ?? '', value) ?? this.refuse(absence(value), names[0] ?? '', value);
  }

  /** Text, or the fallback where there is none. */
  textOr(fallback: string, ...names: string[]): string {
    const field = names[0] ?? '';
    const value = this.raw(...names);
    const text = this.asText(field, value);
    if (text !== undefined) return text;
    if (value === undefined) this.note('missing-field', field, value, `read as ${shown(fallback)}`);
    else if (absence(value) === 'wrong-type') {
      this.warn('wrong-type', field, value, `ignored: expected text; read as ${shown(fallback)}`);
    }
    return fallback;
  }

  private asText(field: string, value: unknown): string | undefined {
    if (typeof value === 'string') return this.trimmed(field, value) || undefined;
    if (typeof value !== 'number' && typeof value !== 'boolean') return undefined;
    this.note('wrong-type', field, value, 'read as text');
    return String(value);
  }

  /** A whole number within limits; the line is refused without it, unless there is a fallback. */
  integer(field: string, low: number, high: number, fallback?: number): number {
    const value = this.raw(field);
    if (value === undefined && fallback !== undefined) {
      this.warn('missing-field', field, undefined, `read as ${fallback}`);
      return fallback;
    }
    const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof parsed !== 'number' || !Number.isInteger(parsed) || parsed < low || parsed > high) {
      return this.refuse(value === undefined ? 'missing-field' : 'wrong-type', field, value);
    }
    if (typeof value === 'string') {
      const kind = field === 'relationship' ? 'relationship-as-text' : 'number-as-text';
      this.note(kind, field, value, `read as ${parsed}`);
    }
    return parsed;
  }

  /** A list of texts; Python literals and comma-separated text are read too. Undefined when there is none. */
  texts(...names: string[]): string[] | undefined {
    const field = names[0] ?? '';
    const value = this.raw(...names);
    if (value === undefined) return undefined;
    const items = Array.isArray(value) ? value : this.listInText(field, value);
    if (items === undefined || !items.every((item) => typeof item === 'string')) {
      return this.refuse('wrong-type', field, value);
    }
    const trimmed = items.map((item) => item.trim());
    if (trimmed.some((item, i) => item !== items[i])) this.note('surrounding-space', field, items, 'trimmed');
    return trimmed;
  }

  private listInText(field: string, value: unknown): unknown[] | undefined {
    if (typeof value !== 'string') return undefined;
    const literal = parsePythonLiteral(value);
    const items = Array.isArray(literal) ? literal : value.split(',').map((item) => item.trim());
    this.note('list-as-text', field, value, `read as a list of ${items.length}`);
    return items.filter((item) => item !== '');
  }

  private trimmed(field: string, value: string): string {
    const text = value.trim();
    if (text !== value) this.note('surrounding-space', field, value, 'trimmed');
    return text;
  }

  /** Lists the fields nobody asked for. */
  reportUnknownFields(): void {
    for (const [field, value] of Object.entries(this.source.record)) {
      if (!this.known.has(field)) this.warn('unknown-field', field, value, 'ignored');
    }
  }

  note(kind: FindingKind, field: string, found: unknown, did: string): void {
    this.report('note', kind, field, found, did);
  }

  warn(kind: FindingKind, field: string, found: unknown, did: string): void {
    this.report('warning', kind, field, found, did);
  }

  /** @throws {LineRefused} always; `readLines` leaves the line out. */
  refuse(kind: FindingKind, field: string, found: unknown, reason = ''): never {
    this.report('error', kind, field, found, `left the line out${reason === '' ? '' : `: ${reason}`}`);
    throw new LineRefused(field);
  }

  private report(
    severity: ImportFinding['severity'],
    kind: FindingKind,
    field: string,
    found: unknown,
    did: string,
  ): void {
    const { file, line } = this.source;
    this.findings.push({ severity, kind, file, line, field, found: shown(found), did });
  }
}

const absence = (value: unknown) =>
  value === undefined || (typeof value === 'string' && value.trim() === '') ? 'missing-field' : 'wrong-type';

/** Reads each line with `read`; lines it refuses are left out. `accepted` gets the others, one for each value. */
export function readLines<T>(
  lines: readonly SourceLine[],
  findings: ImportFinding[],
  accepted: SourceLine[],
  read: (reader: LineReader) => T,
): T[] {
  const values: T[] = [];
  for (const line of lines) {
    const reader = new LineReader(line, findings);
    try {
      const value = read(reader);
      reader.reportUnknownFields();
      values.push(value);
      accepted.push(line);
    } catch (error) {
      if (!(error instanceof LineRefused)) throw error;
    }
  }
  return values;
}

/**
 * Like `readLines`, for lines with an id: in the named field, in `pk` or in `id`. A line without one is named after
 * its content; a line with the id of an earlier line is refused.
 */
export function readIdentified<T>(
  lines: readonly SourceLine[],
  findings: ImportFinding[],
  accepted: SourceLine[],
  field: string,
  read: (reader: LineReader, id: string) => T,
): T[] {
  const taken = new Set<string>();
  return readLines(lines, findings, accepted, (reader) => {
    const id = idOf(reader, field);
    if (taken.has(id)) reader.refuse('duplicate-id', field, id, 'an earlier line has this id');
    const value = read(reader, id);
    taken.add(id);
    return value;
  });
}

function idOf(reader: LineReader, field: string): string {
  const found = reader.raw(field, 'pk', 'id');
  const id = typeof found === 'string' || typeof found === 'number' ? String(found).trim() : '';
  if (id !== '') return id;
  const made = reader.source.digest.slice(0, 16);
  reader.warn('missing-id', field, found, `named ${made} after the line's content`);
  return made;
}
