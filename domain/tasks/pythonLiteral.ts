/** The values of Python literals that occur in Sotopia's files; tuples are read as lists. */
export type PythonValue = null | boolean | number | string | PythonValue[];

const DEEPEST = 20;
const NAMES = new Map<string, null | boolean>([
  ['None', null],
  ['null', null],
  ['nan', null],
  ['NaN', null],
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
]);
const ESCAPES = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
]);

class Unreadable extends Error {}

/**
 * Reads a Python (or JSON) literal of lists, tuples, strings, numbers, `None` and `True`/`False`, such as
 * `[(18, 70), (18, 70)]`. Nothing is evaluated; `nan` is read as `None`.
 * @returns the value, or undefined when the text is no such literal.
 */
export function parsePythonLiteral(text: string): PythonValue | undefined {
  const reader = new LiteralReader(text);
  try {
    return reader.readAll();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class LiteralReader {
  private at = 0;

  constructor(private readonly text: string) {}

  readAll(): PythonValue {
    const value = this.readValue(0);
    this.skipSpace();
    if (this.at < this.text.length) throw new Unreadable();
    return value;
  }

  private readValue(depth: number): PythonValue {
    if (depth > DEEPEST) throw new Unreadable();
    this.skipSpace();
    const first = this.text[this.at];
    if (first === '[') return this.readList(']', depth);
    if (first === '(') return this.readParenthesis(depth);
    if (first === '"' || first === "'") return this.readString(first);
    return this.readWord();
  }

  /** `(18)` is 18 in Python, `(18,)` and `(18, 70)` are tuples. */
  private readParenthesis(depth: number): PythonValue {
    const start = this.at;
    const items = this.readList(')', depth);
    const isTuple = items.length !== 1 || /,\s*\)$/.test(this.text.slice(start, this.at));
    return isTuple ? items : (items[0] ?? null);
  }

  private readList(end: ']' | ')', depth: number): PythonValue[] {
    this.at += 1;
    const items: PythonValue[] = [];
    for (;;) {
      this.skipSpace();
      if (this.take(end)) return items;
      items.push(this.readValue(depth + 1));
      this.skipSpace();
      if (this.take(',')) continue;
      if (this.take(end)) return items;
      throw new Unreadable();
    }
  }

  private readString(quote: string): string {
    let value = '';
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      const character = this.text[this.at] ?? '';
      if (character === quote) {
        this.at += 1;
        return value;
      }
      if (character === '\\') {
        this.at += 1;
        const escaped = this.text[this.at] ?? '';
        value += ESCAPES.get(escaped) ?? escaped;
      } else {
        value += character;
      }
    }
    throw new Unreadable();
  }

  private readWord(): PythonValue {
    const word = /^[A-Za-z]+|^[-+]?\d+(?:\.\d*)?/.exec(this.text.slice(this.at, this.at + 40))?.[0];
    if (word === undefined) throw new Unreadable();
    this.at += word.length;
    const named = NAMES.get(word);
    if (named !== undefined) return named;
    const value = Number(word);
    if (Number.isNaN(value)) throw new Unreadable();
    return value;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at += 1;
  }
}
