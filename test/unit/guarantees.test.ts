import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../../deploy/local/checkout';

const text = readFileSync(join(CHECKOUT, 'docs', 'guarantees.md'), 'utf8');

/** What stands between a case's heading and the next heading. */
const cases = text.split(/^### /m).slice(1);

/** `- file: name`, with what it was seen failing without behind a dash. */
const CITATION = /^- `([^`]+)`: (.+?)(?: — fails (?:without|when) .+)?$/gm;

const citations = cases.flatMap((section) =>
  [...section.matchAll(CITATION)].map(([, file = '', name = '']) => ({
    file,
    name,
    parts: name.split(' › '),
  })),
);

/** The title of a test or a group, also of one with a table: the first string after the word or its table. */
const TITLE = /^\s*(?:(?:test|it|describe)(?:\.each\(.*\))?|\]\))\(\s*'((?:[^'\\]|\\.)*)'/gm;
const PYTHON_TITLE = /^def (test_\w+)\(/gm;

function titlesIn(file: string): string[] {
  const source = readFileSync(join(CHECKOUT, file), 'utf8');
  return [...source.matchAll(file.endsWith('.py') ? PYTHON_TITLE : TITLE)].map(([, title = '']) => title);
}

test('each of the thirty cases is there once', () => {
  const numbers = cases.map((section) => Number(/^(\d+)\. /.exec(section)?.[1]));
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
});

test('each case has a test, and one that was seen failing without the protection', () => {
  for (const section of cases) expect(section).toMatch(/^- `\S+`: .+ — fails (?:without|when) .+/m);
});

test('every line about a test is read here', () => {
  expect(citations).toHaveLength(text.split('\n').filter((line) => line.startsWith('- ')).length);
});

test.each(citations)('$file has: $name', ({ file, parts }) => {
  expect(titlesIn(file)).toEqual(expect.arrayContaining(parts));
});

test('a test that is not there would be noticed', () => {
  expect(titlesIn('test/unit/guarantees.test.ts')).not.toContain('no such test');
  expect(titlesIn('test/unit/guarantees.test.ts')).toContain('each of the thirty cases is there once');
});
