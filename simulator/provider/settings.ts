import { z } from 'zod';

const share = z.number().min(0).max(1).default(0);

/** Shares (0..1) of a model's calls that go wrong; which ones is drawn from the seed and the question. */
export const Faults = z.strictObject({
  serverError: share.describe('500; asked again, the same question has another chance.'),
  overloaded: share.describe('503 with retry-after; asked again, the same question has another chance.'),
  truncated: share.describe('The answer ends in its middle with finish_reason length.'),
  refused: share.describe('No content but message.refusal.'),
  filteredAnswer: share.describe('finish_reason content_filter and no content.'),
  filteredPrompt: share.describe('400 with the code content_filter, as Azure answers.'),
});
export type Faults = z.infer<typeof Faults>;

/** What a model offers; what is switched off is refused with 400, or left out of the answer. */
export const Capabilities = z.strictObject({
  jsonSchema: z.boolean().default(true),
  seed: z.boolean().default(true),
  logprobs: z.boolean().default(true),
  usage: z.boolean().default(true),
  cachedTokens: z.boolean().default(true),
  fingerprint: z.boolean().default(true),
});
export type Capabilities = z.infer<typeof Capabilities>;

/** US dollars a million tokens. */
export const Price = z.strictObject({
  input: z.number().min(0).default(2.5),
  cachedInput: z.number().min(0).default(1.25),
  output: z.number().min(0).default(10),
});
export type Price = z.infer<typeof Price>;

export const ModelSettings = z.strictObject({
  snapshots: z
    .array(z.strictObject({ fromCall: z.number().int().min(0), name: z.string().min(1) }))
    .default([])
    .describe(
      'Which snapshot answers, from which call of the model on (0 is the first). None: NAME-2026-11.',
    ),
  contextTokens: z.number().int().min(1).default(128_000),
  reasoningTokens: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Tokens thought before each answer. Above 0: refuses max_tokens and any temperature but 1.'),
  requestsPerMinute: z.number().min(0).nullable().default(null).describe('For each API key; null: no limit.'),
  tokensPerMinute: z.number().min(0).nullable().default(null).describe('For each API key; null: no limit.'),
  price: Price.prefault({}),
  capabilities: Capabilities.prefault({}),
  faults: Faults.prefault({}),
  latencyMs: z.number().min(0).default(0).describe('From the request to the first byte.'),
  trickleMs: z
    .number()
    .min(0)
    .default(0)
    .describe('From the first byte of an answer to its last: its body comes in ten pieces.'),
});
export type ModelSettings = z.infer<typeof ModelSettings>;

const milliseconds = z.number().min(0);

/** How batches of questions are worked on. */
export const BatchSettings = z.strictObject({
  validatingMs: milliseconds.default(0),
  lineMs: milliseconds.default(0).describe('For each question, one after the other.'),
  finalizingMs: milliseconds
    .default(0)
    .describe('From the last answer, or the end of work on it, to its files.'),
  windowMs: milliseconds.default(86_400_000).describe('What is not answered by then expires.'),
  stallAfter: z
    .number()
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('Questions of each batch that are answered before work on it stops; null: all.'),
  growingOutput: z
    .boolean()
    .default(false)
    .describe('The output file can be read, and grows, while the batch is in progress: not so at OpenAI.'),
  sayAfterMs: z
    .strictObject({ upload: milliseconds.default(0), create: milliseconds.default(0) })
    .prefault({})
    .describe('From a file being stored, or a batch created, to the answer that says so.'),
});

const SIMULATED = ['expert', 'partner', 'poor', 'judge', 'author'].map((role) => `simulated-${role}`);

/** How the provider behaves. Anything may be changed while it runs. */
export const ProviderSettings = z.strictObject({
  seed: z.number().int().default(0),
  keys: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe('Keys that are known; null: any key is, and none is needed.'),
  models: z
    .record(z.string(), ModelSettings)
    .default(Object.fromEntries(SIMULATED.map((name) => [name, ModelSettings.parse({})])))
    .describe('The models there are, by name.'),
  retryAfter: z
    .enum(['both', 'seconds', 'milliseconds', 'none'])
    .default('both')
    .describe('How an answer 429 or 503 says when to come back.'),
  burstSeconds: z
    .number()
    .positive()
    .default(60)
    .describe('How many seconds of its limit a key may use at once: the size of its buckets.'),
  quota: z
    .strictObject({
      dollars: z.number().min(0).nullable().default(null),
      calls: z.number().int().min(0).nullable().default(null),
    })
    .prefault({})
    .describe('What each key may use up in all; raising it tops it up.'),
  batches: BatchSettings.prefault({}),
});
export type ProviderSettings = z.infer<typeof ProviderSettings>;
export type ProviderSettingsInput = z.input<typeof ProviderSettings>;

/** Settings with some changed: objects are merged, everything else is replaced. Throws ZodError. */
export const changed = (settings: ProviderSettings, change: unknown): ProviderSettings =>
  ProviderSettings.parse(merge(settings, change));

function merge(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return after;
  const entries = Object.entries(after).map(([key, value]) => [key, merge(before[key], value)]);
  return { ...before, ...Object.fromEntries(entries) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
