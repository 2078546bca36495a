import { z } from 'zod';

export const Sampling = z.strictObject({
  temperature: z
    .number()
    .min(0)
    .max(2)
    .default(1)
    .describe('0..2. Sotopia: agents 1.0, judge 0.0, author 0.5.'),
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

/** A model behind an OpenAI-compatible endpoint. */
export const ModelSpec = z.strictObject({
  baseUrl: Address.describe(
    'Base URL of an OpenAI-compatible API, ending in /v1. May be ${VARIABLE} from the worker’s environment.',
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
  sampling: Sampling.prefault({}),
  simulated: z
    .boolean()
    .default(false)
    .describe('True for a program that only plays a model; every result made with it is labelled so.'),
});
export type ModelSpec = z.infer<typeof ModelSpec>;
