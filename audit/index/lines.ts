const LINE_BREAK = 10;

/**
 * The lines of a JSON Lines blob, of which only those that are asked for are read. Lines are canonical JSON: a member is
 * found by its bytes, and nothing inside a string looks like one, since quotes are escaped there.
 */
export class Lines {
  constructor(private readonly bytes: Buffer) {}

  /** Every line, in order. */
  *all(): Generator<string> {
    for (let start = 0; start < this.bytes.length; ) {
      const end = this.endOf(start);
      if (end > start) yield this.bytes.toString('utf8', start, end);
      start = end + 1;
    }
  }

  /** Lines that hold a text, in order, each once. */
  *holding(text: string): Generator<string> {
    for (let from = 0; ; ) {
      const at = this.bytes.indexOf(text, from);
      if (at < 0) return;
      const start = this.bytes.lastIndexOf(LINE_BREAK, at) + 1;
      const end = this.endOf(at);
      yield this.bytes.toString('utf8', start, end);
      from = end + 1;
    }
  }

  get count(): number {
    let lines = 0;
    for (let start = 0; start < this.bytes.length; lines += 1) start = this.endOf(start) + 1;
    return lines;
  }

  /** How often a text stands in the lines. */
  occurrences(text: string): number {
    let found = 0;
    for (let at = this.bytes.indexOf(text); at >= 0; at = this.bytes.indexOf(text, at + 1)) found += 1;
    return found;
  }

  /** The different values of the lines' first member, which is a string without escapes. */
  firstMembers(name: string): Set<string> {
    const opening = `{"${name}":"`;
    const values = new Set<string>();
    for (let start = 0; start < this.bytes.length; start = this.endOf(start) + 1) {
      const from = start + opening.length;
      values.add(this.bytes.toString('utf8', from, this.bytes.indexOf('"', from)));
    }
    return values;
  }

  private endOf(from: number): number {
    const end = this.bytes.indexOf(LINE_BREAK, from);
    return end < 0 ? this.bytes.length : end;
  }
}

/** A member of canonical JSON as its bytes are. */
export const member = (name: string, value: string): string => `"${name}":${JSON.stringify(value)}`;

/** The same, of which the value begins so. */
export const memberBeginning = (name: string, value: string): string => member(name, value).slice(0, -1);
