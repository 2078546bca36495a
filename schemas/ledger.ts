import { z } from 'zod';

/** What a campaign asks a model for. Its own policies are asked for nothing that is paid by the call. */
export const ROLES = ['expert', 'partner', 'judge', 'author'] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

const whole = z.number().int().nonnegative();

/** What calls are made for: limits are by the round of the stage and by the role. */
const Purpose = z.strictObject({
  stage: z.string(),
  role: Role,
  model: z.string(),
});
export type Purpose = z.infer<typeof Purpose>;

/** Calls, and money in nanodollars. */
export const Amount = z.strictObject({ calls: whole, nanodollars: whole });
export type Amount = z.infer<typeof Amount>;

/** Calls that were answered, with the tokens that the provider counted. */
export const Spending = Purpose.extend({
  ...Amount.shape,
  /** By the provider's Batch API, which has prices of its own. */
  batch: z.boolean(),
  inputTokens: whole,
  /** Of the input, what the provider had in its cache. */
  cachedTokens: whole,
  outputTokens: whole,
  /** Of the output, hidden reasoning. */
  reasoningTokens: whole,
});
export type Spending = z.infer<typeof Spending>;

/** What a worker may spend without asking, at worst. It stays booked when the worker is killed. */
export const Holding = Purpose.extend(Amount.shape);
export type Holding = z.infer<typeof Holding>;

const Wallet = z.strictObject({
  id: z.string(),
  /** Grows with each change by the worker, so that it knows again what it wrote. */
  writes: whole,
  /** ISO 8601, by the worker's clock. */
  writtenAt: z.string(),
  holdings: z.array(Holding),
});
export type Wallet = z.infer<typeof Wallet>;

/** The books of a campaign's calls of models that are limited or have a price. */
export const Ledger = z.strictObject({
  /** Calls handed out by releases before 0.4.0, which kept no more than that. */
  calls: whole.default(0),
  spending: z.array(Spending).default([]),
  wallets: z.array(Wallet).default([]),
});
export type Ledger = z.infer<typeof Ledger>;
