import { z } from 'zod';
import { ApiError } from '../apiError';

type Schema = Record<string, unknown>;

/** Keywords that OpenAI's strict schemas do not have (guide "Structured outputs", supported schemas). */
const UNSUPPORTED = [
  ...['oneOf', 'allOf', 'not', 'if', 'dependentRequired', 'dependentSchemas', 'prefixItems'],
  ...['default', 'minLength', 'maxLength'],
];

/** Checks that a schema keeps to the strict subset. Errors: ApiError 400 invalid_json_schema. */
export function checkStrict(schema: Schema, name: string): void {
  const refuse = (why: string): never => {
    throw new ApiError(
      400,
      'invalid_json_schema',
      `Invalid schema for response_format '${name}': ${why}`,
      'response_format',
    );
  };
  const keyword = UNSUPPORTED.find((word) => word in schema);
  if (keyword) refuse(`'${keyword}' is not permitted.`);
  if (schema['type'] === 'object') {
    const properties = Object.keys(recordOf(schema['properties']));
    const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
    if (schema['additionalProperties'] !== false)
      refuse("'additionalProperties' is required to be supplied and to be false.");
    const missing = properties.find((property) => !required.includes(property));
    if (missing) refuse(`'required' has to include every key in properties. Missing '${missing}'.`);
  }
  for (const below of partsOf(schema)) checkStrict(below, name);
}

/**
 * What a model that decodes under a schema says where it would have said `content`: the same, if it fits; else the
 * smallest instance of the schema, as a model writes that has nothing to say but must keep to the form.
 */
export function conform(content: string, schema: Schema): string {
  const fits = z.fromJSONSchema(schema).safeParse(parseJson(content)).success;
  return fits ? content : JSON.stringify(smallest(schema));
}

function smallest(schema: Schema): unknown {
  const [first] = [schema['enum'], schema['anyOf']].filter(Array.isArray).flat() as unknown[];
  if ('const' in schema) return schema['const'];
  if (first !== undefined) return 'enum' in schema ? first : smallest(recordOf(first));
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(
        Object.entries(recordOf(schema['properties'])).map(([key, value]) => [
          key,
          smallest(recordOf(value)),
        ]),
      );
    case 'array':
      return Array.from({ length: Number(schema['minItems'] ?? 0) }, () =>
        smallest(recordOf(schema['items'])),
      );
    case 'integer':
    case 'number':
      return Math.max(0, Number(schema['minimum'] ?? 0));
    case 'boolean':
      return false;
    case 'string':
      return '.'.repeat(Number(schema['minLength'] ?? 0));
    default:
      return null;
  }
}

function partsOf(schema: Schema): Schema[] {
  const listed = ['anyOf'].flatMap((key) => (Array.isArray(schema[key]) ? (schema[key] as unknown[]) : []));
  const named = ['properties', '$defs'].flatMap((key) => Object.values(recordOf(schema[key])));
  const one = 'items' in schema ? [schema['items']] : [];
  return [...listed, ...named, ...one].map(recordOf);
}

const recordOf = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
