import { z } from 'zod';

/** Price lists say dollars; six decimals of them are kept, so that sums are of whole numbers. */
export const Dollars = z
  .number()
  .nonnegative()
  .max(1_000_000)
  .refine((dollars) => Number.isInteger(Number((dollars * 1e6).toFixed(3))), 'at most six decimals');

/** What a provider asks for a model, in dollars a million tokens. */
export const ModelPrice = z.strictObject({
  provider: z.string().min(1).describe('Whose price it is, for readers.'),
  hosts: z
    .array(z.string().min(1))
    .default([])
    .describe('Hosts of the addresses at which the price holds. Default: any.'),
  model: z
    .string()
    .min(1)
    .describe('Name as the endpoint knows it. Dated snapshots of it cost the same unless they are listed.'),
  input: Dollars.describe('Dollars a million tokens of a prompt.'),
  cachedInput: Dollars.optional().describe(
    'Of those, what the provider had in its cache. Default: as input.',
  ),
  output: Dollars.describe('Dollars a million tokens of an answer.'),
  reasoning: Dollars.optional().describe('Of those, tokens of hidden reasoning. Default: as output.'),
  batchPercent: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(100)
    .describe('What the batch API asks, in percent of these prices. Default 100: there is no discount.'),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

const GpuPrice = z.strictObject({
  name: z.string().min(1).describe('Named by execution.gpu in campaign files.'),
  dollarsPerHour: Dollars.describe('What an hour of one of them costs.'),
});

/** A list of prices as of a day. */
export const PriceTable = z.strictObject({
  date: z.iso.date().describe('The day on which the prices were looked up.'),
  source: z.string().min(1).describe('Where they were looked up, and what to know about them.'),
  models: z.array(ModelPrice).default([]).describe('Prices of models.'),
  gpus: z.array(GpuPrice).default([]).describe('Prices of rented GPUs.'),
});
export type PriceTable = z.infer<typeof PriceTable>;

const whole = z.number().int().nonnegative();

/** A price by the token, in picodollars (a millionth of a dollar a million tokens). */
export const TokenPrice = z.strictObject({
  input: whole,
  cachedInput: whole,
  output: whole,
  reasoning: whole,
  batchPercent: whole,
});
export type TokenPrice = z.infer<typeof TokenPrice>;

/** What a plan's models and GPUs cost, as found when it was made. */
export const PlanPrices = z.strictObject({
  date: z.iso.date(),
  source: z.string(),
  models: z.array(z.strictObject({ baseUrl: z.string(), model: z.string(), price: TokenPrice })),
  /** Null where the campaign names none. */
  gpu: z.strictObject({ name: z.string(), nanodollarsPerSecond: whole }).nullable(),
});
export type PlanPrices = z.infer<typeof PlanPrices>;
