import { z } from 'zod';

export const Sampling = z.strictObject({
  temperature: z
    .number()
    .min(0)
    .max(2)
    .default(1)
    .describe('0..2. Default 1. Sotopia: agents 1.0, judge 0.0, author 0.5.'),
  topP: z.number().gt(0).max(1).default(1).describe('Nucleus share, 0..1. Default 1: no cut.'),
  maxTokens: z
    .number()
    .int()
    .min(1)
    .max(32768)
    .default(1024)
    .describe('Longest answer in tokens. Default 1024.'),
});
export type Sampling = z.infer<typeof Sampling>;

export const EnvironmentReference = /\$\{([A-Z][A-Z0-9_]*)\}/g;

/** An address that may name environment variables as `${NAME}`; resolved by the worker, never stored resolved. */
export const Address = z
  .string()
  .min(1)
  .refine(
    (value) => /^(https?:\/\/|\$\{[A-Z][A-Z0-9_]*\})/.test(value),
    'expected http://…, https://… or ${VARIABLE}…',
  );

/** Headers whose values are keys: they come from the environment, never from a file. */
const SECRET_HEADER = /authorization|key|token|secret|cookie/i;

const Headers = z
  .record(z.string().regex(/^[A-Za-z0-9-]+$/, 'expected the name of a header'), z.string().min(1))
  .refine(
    (headers) =>
      Object.entries(headers).every(([name, value]) => !SECRET_HEADER.test(name) || /\$\{/.test(value)),
    'expected ${VARIABLE} as the value of a header that carries a key',
  );

/** A model behind an OpenAI-compatible endpoint. */
export const ModelSpec = z.strictObject({
  baseUrl: Address.describe(
    'Base URL of an OpenAI-compatible API, as its makers give it: mostly it ends in /v1. May be ${VARIABLE} from the worker’s environment.',
  ),
  model: z.string().min(1).describe('Model name as the endpoint knows it.'),
  apiKeyEnv: z
    .string()
    .regex(
      /^[A-Z][A-Z0-9_]*$/,
      'expected the NAME of an environment variable, such as OPENAI_API_KEY, not a key',
    )
    .optional()
    .describe(
      'Name of the environment variable that holds the key. The key itself never enters a campaign file.',
    ),
  headers: Headers.optional().describe(
    'Headers of every call, such as { api-key: "${AZURE_KEY}" }. Values may name variables of the worker’s environment, and must where they are keys. Default none.',
  ),
  query: z
    .record(z.string().min(1), z.string())
    .optional()
    .describe('Added to the address of every call, such as { api-version: "2024-10-21" }. Default none.'),
  sampling: Sampling.prefault({}).describe('How its answers are drawn.'),
  reasoning: z
    .enum(['minimal', 'low', 'medium', 'high'])
    .optional()
    .describe(
      'For a model that reasons before it answers: how much (reasoning_effort). Its limit is then sent as max_completion_tokens, which counts what it thinks too, and no temperature or topP, which such models refuse. Default: not such a model.',
    ),
  seeded: z
    .boolean()
    .optional()
    .describe('False for an endpoint that refuses a seed. Default true: each call has its own seed.'),
  structuredOutput: z
    .enum(['auto', 'schema', 'text'])
    .optional()
    .describe(
      'For judge and author. schema: the endpoint is made to keep to the JSON schema of the answer. text: the form is only asked for. auto: schema where the address is OpenAI’s and the model is known to offer it. Answers are checked in any case. Default auto.',
    ),
  simulated: z
    .boolean()
    .default(false)
    .describe('True for a program that only plays a model; every result made with it is labelled so.'),
});
export type ModelSpec = z.infer<typeof ModelSpec>;

/** How a model is asked whose answers may take hours. */
export const Batching = z.strictObject({
  deadlineHours: z
    .number()
    .gt(0)
    .max(72)
    .default(24)
    .describe(
      'Hours until a question that no batch has answered is asked directly, at full price. Default 24, within which providers promise an answer.',
    ),
  gatherSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(60)
    .describe(
      'Seconds from a question until it is sent with those that came after it. Default 60: short beside the minutes that a batch takes.',
    ),
});
export type Batching = z.infer<typeof Batching>;
