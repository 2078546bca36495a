import { z } from 'zod';
import { alternatives, describeValue, quoted } from './describeValue';
import { nearestWord } from './nearestWord';
import { bestOption, keysOf, optionsOf, schemaAt } from './schemaAt';
import { isMapping, type Path, pathText, type SpecIssue, valueAt } from './specIssue';

type Schema = z.core.$ZodType;
type Issue = z.core.$ZodIssue;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
  record: 'a mapping',
};

/**
 * What zod found wrong with the data, in words for the person who wrote it. Of alternatives, the one that was probably
 * meant is judged; unknown keys come one by one, each with the key that was probably meant.
 */
export function readSchemaIssues(schema: Schema, data: unknown, issues: readonly Issue[]): SpecIssue[] {
  const found = issues.flatMap((issue) => readIssue(schema, data, issue, []));
  const meant = new Set(found.filter((issue) => issue.unknownKey).map(meantPath));
  return found.filter((issue) => issue.unknownKey || !meant.has(pathText(issue.path)));
}

/** Where a misspelt key should stand; that it is missing there is the same mistake. */
const meantPath = ({ path, suggestion }: SpecIssue): string =>
  pathText(suggestion === undefined ? path : [...path.slice(0, -1), suggestion]);

function readIssue(schema: Schema, data: unknown, issue: Issue, prefix: Path): SpecIssue[] {
  const path = [...prefix, ...issue.path] as Path;
  const value = valueAt(data, path);
  const known = schemaAt(schema, path, data);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(path, key, keysOf(known) ?? []));
  if (issue.code === 'invalid_union') return readUnion(schema, data, issue, path);
  const found = describeValue(value, path);
  const missing = value === undefined || value === null;
  const hint = missing ? describedAs(known) : '';
  if (issue.code === 'invalid_value') return [{ path, found, ...expectedOneOf(issue.values, value) }];
  const brokenRule = issue.code === 'custom' && isMapping(value) ? { brokenRule: true as const } : {};
  return [{ path, found, expected: `${expectation(issue)}${hint}`, ...brokenRule }];
}

function unknownKey(path: Path, key: string, keys: readonly string[]): SpecIssue {
  return {
    path: [...path, key],
    found: 'an unknown key',
    expected: keys.length === 1 ? `the key ${keys[0]}` : `one of the keys ${keys.join(', ')}`,
    ...suggested(key, keys),
    unknownKey: true,
  };
}

function readUnion(
  schema: Schema,
  data: unknown,
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
): SpecIssue[] {
  const value = valueAt(data, path);
  const found = describeValue(value, path);
  if (issue.discriminator !== undefined) return [readDiscriminator(data, issue, path)];
  const options = optionsOf(unionAt(schema, path, data)) ?? [];
  const best = bestOption(options, value);
  const inner = best === undefined ? undefined : issue.errors[best];
  if (inner) return inner.flatMap((nested) => readIssue(schema, data, nested, path));
  const forms = options.map((option) => `a mapping with ${(keysOf(option) ?? []).join(', ')}`);
  return [{ path, found, expected: forms.join(', or ') }];
}

/** The key that tells which alternative is meant is missing or wrong; nothing can be said of the others until it is right. */
function readDiscriminator(data: unknown, issue: z.core.$ZodIssueInvalidUnion, path: Path): SpecIssue {
  const undecided = path.slice(0, -1);
  const value = valueAt(data, path);
  const key = String(path.at(-1));
  const present = valueAt(data, undecided);
  const misspelt =
    value === undefined && isMapping(present) ? nearestWord(key, Object.keys(present)) : undefined;
  if (misspelt !== undefined) return unknownKey(undecided, misspelt, [key]);
  const options = (issue as { options?: readonly unknown[] }).options ?? [];
  return { path, found: describeValue(value, path), ...expectedOneOf(options, value), undecided };
}

/** The schema at a path before its alternatives are looked at. */
function unionAt(schema: Schema, path: Path, data: unknown): Schema | undefined {
  const parent = schemaAt(schema, path.slice(0, -1), data);
  const key = path.at(-1);
  if (parent === undefined || key === undefined) return schema;
  const { def } = (parent as z.core.$ZodTypes)._zod;
  if (def.type === 'object') return def.shape[key];
  return def.type === 'array' ? def.element : undefined;
}

function expectedOneOf(
  values: readonly unknown[],
  value: unknown,
): Pick<SpecIssue, 'expected' | 'suggestion'> {
  const words = values.map((each) => (typeof each === 'string' ? quoted(each) : String(each)));
  const expected = words.length === 1 ? words.join('') : `one of ${alternatives(words)}`;
  const texts = values.filter((each) => typeof each === 'string');
  return { expected, ...(typeof value === 'string' ? suggested(value, texts) : {}) };
}

function suggested(word: string, candidates: readonly string[]): Pick<SpecIssue, 'suggestion'> {
  const suggestion = nearestWord(word, candidates);
  return suggestion === undefined ? {} : { suggestion };
}

function expectation(
  issue: Exclude<Issue, { code: 'unrecognized_keys' | 'invalid_union' | 'invalid_value' }>,
): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'never' ? issue.message : (TYPE_NAMES[issue.expected] ?? issue.expected);
    case 'too_small':
      return bound(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return bound(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    case 'custom':
      return issue.message.replace(/^(expected|give) /, '').replace(/^`/, 'that `');
    default:
      return issue.message.replace(/^expected /, '');
  }
}

function bound(origin: string, limit: number | bigint, relation: string): string {
  if (origin === 'array') return `a list of ${relation} ${limit}`;
  if (origin === 'string')
    return Number(limit) === 1 ? 'a text' : `a text of ${relation} ${limit} characters`;
  return `${origin === 'int' ? 'a whole number' : 'a number'} of ${relation} ${limit}`;
}

/** What a key is for, to whoever left it out. */
function describedAs(schema: Schema | undefined): string {
  const description = schema && z.globalRegistry.get(schema)?.description;
  return description ? ` (${description.replace(/\.$/, '')})` : '';
}
