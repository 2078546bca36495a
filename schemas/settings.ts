/** The part of JSON Schema (draft 2020-12) in which zod describes settings. */
export interface SettingsSchema {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, SettingsSchema>;
  required?: string[];
  additionalProperties?: boolean | SettingsSchema;
  items?: SettingsSchema;
  anyOf?: SettingsSchema[];
  oneOf?: SettingsSchema[];
  not?: SettingsSchema;
  enum?: unknown[];
  const?: string | number | boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** One setting as a reader of a campaign file looks it up. */
export interface Setting {
  /** Such as `rounds[].filter.top`; a choice that names others has its value, as `rounds[].filter.policy: paper-bc`. */
  path: string;
  type: string;
  /** As JSON; null: there is none. */
  fallback: string | null;
  required: boolean;
  meaning: string;
}

/**
 * All settings of a schema, in its order, each mapping before what is in it. What was told before is not told again: a
 * mapping with the same keys as an earlier one refers to it.
 * @param path what the settings are in, ending in a dot; empty for a whole file
 */
export const settingsOf = (schema: SettingsSchema, path = ''): Setting[] => list(schema, path, new Map());

type Told = Map<string, string>;

const list = (schema: SettingsSchema, path: string, told: Told): Setting[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const required = schema.required?.includes(key) === true && value.default === undefined;
    return describe(value, `${path}${key}`, required, told);
  });

function describe(schema: SettingsSchema, path: string, required: boolean, told: Told): Setting[] {
  const { description = '', const: only } = schema;
  const setting = {
    path: only === undefined ? path : `${path}: ${only}`,
    type: typeOf(schema),
    fallback: fallbackOf(schema),
    required,
    meaning: description,
  };
  const inner = mappingsIn(schema, path);
  const known = inner.length === 0 ? undefined : told.get(keysOf(inner));
  if (known !== undefined) return [{ ...setting, meaning: `${description} As \`${known}\`.`.trim() }];
  if (inner.length > 0) told.set(keysOf(inner), path);
  return [setting, ...inner.flatMap((mapping) => list(mapping.schema, `${mapping.path}.`, told))];
}

/** What is left out as a whole has the defaults of its parts, which are told there. */
function fallbackOf({ default: fallback }: SettingsSchema): string | null {
  const text = JSON.stringify(fallback) ?? '{}';
  return text === '{}' ? null : text;
}

interface Mapping {
  schema: SettingsSchema;
  path: string;
}

/** The mappings that a setting may hold: itself, its alternatives, its items, its named members. */
function mappingsIn(schema: SettingsSchema, path: string): Mapping[] {
  if (schema.properties) return [{ schema, path }];
  if (schema.items) return mappingsIn(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === 'object')
    return mappingsIn(schema.additionalProperties, `${path}.NAME`);
  return alternativesOf(schema).flatMap((alternative) => mappingsIn(alternative, path));
}

const keysOf = (mappings: readonly Mapping[]): string =>
  JSON.stringify(mappings.map(({ schema }) => schema.properties));

const alternativesOf = ({ anyOf, oneOf }: SettingsSchema): SettingsSchema[] => anyOf ?? oneOf ?? [];

function typeOf(schema: SettingsSchema): string {
  if (schema.not) return 'nothing';
  if (schema.const !== undefined) return 'this word';
  if (schema.enum) return schema.enum.map(String).join(', ');
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  const alternatives = [...new Set(alternativesOf(schema).map(typeOf))];
  if (alternatives.length > 0) return alternatives.join(' or ');
  return `${TYPES[schema.type ?? ''] ?? schema.type ?? 'any'}${bounds(schema)}`;
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'mapping',
  integer: 'whole number',
  string: 'text',
  boolean: 'true or false',
};

/** Numbers that zod adds for every whole number say nothing. */
const isBound = (bound: number | undefined): bound is number =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: SettingsSchema): string {
  const words = [
    isBound(minimum) ? `from ${minimum}` : '',
    isBound(exclusiveMinimum) ? `above ${exclusiveMinimum}` : '',
    isBound(maximum) ? `to ${maximum}` : '',
    isBound(exclusiveMaximum) ? `below ${exclusiveMaximum}` : '',
  ].filter((word) => word !== '');
  return words.map((word) => ` ${word}`).join('');
}
