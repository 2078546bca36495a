import { z } from 'zod';
import { Sha256 } from './artifact';

const tokens = z.number().int().nonnegative();

/** Tokens by kind. What a provider does not tell is absent, and so it is in documents before 0.4.0. */
export const Usage = z.strictObject({
  inputTokens: tokens,
  outputTokens: tokens,
  /** Of the input, what was read from the provider's prompt cache. */
  cachedTokens: tokens.optional(),
  /** Of the output, what was thought and not said. */
  reasoningTokens: tokens.optional(),
});
export type Usage = z.infer<typeof Usage>;

/** One model call as it is kept for the audit; the prompt is kept by digest, since it can be rendered again. */
export const ModelCall = z.strictObject({
  model: z.string(),
  /** The name the provider answered with. */
  snapshot: z.string(),
  promptDigest: Sha256,
  usage: Usage,
  /** How many calls it took: 1, or 2 when the answer had to be repaired. */
  calls: z.number().int().positive(),
  /** For a policy: the digest of the weights that answered. */
  servedDigest: Sha256.optional(),
  /** The last answer as it came, where it is not what the prompt's template writes for what was read in it. */
  answer: z.string().optional(),
});
export type ModelCall = z.infer<typeof ModelCall>;

/** A model as it was asked for, and a name that the provider answered with. */
export const AnsweringModel = ModelCall.pick({ model: true, snapshot: true });
export type AnsweringModel = z.infer<typeof AnsweringModel>;
