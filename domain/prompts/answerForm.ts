import { z } from 'zod';

type Schema = Record<string, unknown>;

/** The form that an endpoint is to keep an answer to. */
export interface AnswerForm {
  name: string;
  /** JSON Schema within the strict subset that OpenAI and compatible servers decode by. */
  schema: Schema;
}

/** What of JSON Schema the strict subset has (OpenAI, "Structured outputs"); all else is for our own reading to check. */
const KEPT = ['type', 'enum', 'const', 'description', 'minimum', 'maximum', 'minItems', 'maxItems'];

/** The form of what `answer` reads. Every key is required there; what may be missing may be null. */
export const answerForm = (name: string, answer: z.ZodType): AnswerForm => ({
  name,
  schema: strict(z.toJSONSchema(answer) as Schema),
});

function strict(schema: Schema): Schema {
  const kept = Object.fromEntries(KEPT.flatMap((key) => (key in schema ? [[key, schema[key]]] : [])));
  const { properties, items, prefixItems, anyOf } = schema;
  if (isRecord(properties)) {
    const strictly = Object.entries(properties).map(([key, value]) => [key, strict(value as Schema)]);
    kept['properties'] = Object.fromEntries(strictly);
    kept['required'] = Object.keys(properties);
    kept['additionalProperties'] = false;
  }
  // Tuples of ours are of one kind.
  const [first] = Array.isArray(prefixItems) ? (prefixItems as Schema[]) : [];
  if (first) Object.assign(kept, { items: strict(first), minItems: (prefixItems as Schema[]).length });
  else if (isRecord(items)) kept['items'] = strict(items);
  if (Array.isArray(anyOf)) kept['anyOf'] = (anyOf as Schema[]).map(strict);
  return kept;
}

const isRecord = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
