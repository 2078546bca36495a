import { z } from 'zod';
import { Role } from './ledger';
import { Name } from './name';
import { Dollars } from './price';

/** What a campaign may take; none changes results. */
export const Limits = z.strictObject({
  unratedShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('A stage is parked above this share of unrated episodes. Default 0.05.'),
  modelCalls: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Most calls that the campaign may make of models, its own policies not counted; it is parked before the next one. Default: no limit.',
    ),
  money: z
    .strictObject({
      campaign: Dollars.optional().describe('In all. Default: no limit.'),
      rounds: z
        .record(Name, Dollars)
        .default({})
        .describe('For the data and the checkpoint of a round, by its name. Default: no limits.'),
      roles: z
        .partialRecord(Role, Dollars)
        .default({})
        .describe('For all calls of the expert, partner, judge or author. Default: no limits.'),
    })
    .optional()
    .describe(
      'Most dollars that the campaign may spend on calls of models, whatever is under way or killed; what would spend more is parked before. GPUs are not in it. Does not change results. Default: no limit.',
    ),
});
export type Limits = z.infer<typeof Limits>;
