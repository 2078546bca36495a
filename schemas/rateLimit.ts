import { z } from 'zod';
import { Address } from './model';

/** What an account may ask a minute; null: not limited, as far as is known. */
export const MinuteLimits = z.strictObject({
  requests: z.number().positive().nullable(),
  tokens: z.number().positive().nullable(),
});
export type MinuteLimits = z.infer<typeof MinuteLimits>;

const perMinute = (what: string) =>
  z.number().positive().optional().describe(`${what} a minute. Default: what the provider's answers say.`);

/** What a user knows of accounts with providers: the file that PI_LOOP_PROVIDERS names. No part of any campaign. */
export const ProviderSettings = z.strictObject({
  providers: z
    .array(
      z.strictObject({
        baseUrl: Address.describe('As in the campaign file. May be ${VARIABLE}.'),
        model: z.string().min(1).optional().describe('Only this model. Default: each model by itself.'),
        apiKeyEnv: z
          .string()
          .optional()
          .describe('Only the account whose key is in this variable. Default: each account by itself.'),
        requestsPerMinute: perMinute('Calls'),
        tokensPerMinute: perMinute('Tokens of prompts and answers'),
        callsAtOnce: z
          .number()
          .int()
          .min(1)
          .optional()
          .describe(
            'Calls that a worker has under way at once. Default: as many as bring most answers a second.',
          ),
      }),
    )
    .describe('Accounts. Where several fit, the one that says more about a model counts.'),
});
export type ProviderSettings = z.infer<typeof ProviderSettings>;

/** Times are milliseconds of the workers' common clock. */
const time = z.number();

/** A campaign's part in a limit. */
export const Claim = z.strictObject({
  campaign: z.string(),
  /** Milliseconds of the limit that it was given, by which campaigns are compared. */
  served: z.number().nonnegative(),
  /** It has calls that wait, unless it says so again by then. */
  wantsUntil: time,
  /** The highest priority among these calls. */
  priority: z.number(),
});
export type Claim = z.infer<typeof Claim>;

/** What all workers know of one limit: a document in the store that only a matching version may replace. */
export const SharedLimit = z.strictObject({
  /** For people: the address as the campaign file has it, and the model. */
  baseUrl: z.string(),
  model: z.string(),
  /** When this was written, by the clock that is furthest ahead. */
  writtenAt: time,
  /** What the provider's answers said, or what was measured when it first refused. */
  learned: MinuteLimits,
  /** True where `learned` was measured: it is a beginning and not a bound. */
  measured: z.boolean(),
  /** Slots are booked up to here: by the limit of requests, and by that of tokens. */
  booked: z.strictObject({ requests: time, tokens: time }),
  /** The provider asked that nobody calls before. */
  heldUntil: time,
  /** The last refusal: when it was, and the share of the limit that turned out to be too much. */
  refusal: z.strictObject({ at: time, share: z.number().positive() }).nullable(),
  claims: z.array(Claim),
  /** Calls and tokens of the last minute, older ones counting less and less. */
  used: z.strictObject({ requests: z.number(), tokens: z.number() }),
});
export type SharedLimit = z.infer<typeof SharedLimit>;
