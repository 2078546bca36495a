import { z } from 'zod';
import { Position } from './episode';

/** Named filter policies (sotopia-pi.md §4). Ties are broken by (overall, digest of seed and episode id), and logged. */
export const FilterPolicy = z.discriminatedUnion('policy', [
  z.strictObject({
    policy: z
      .literal('paper-bc')
      .describe(
        'The paper’s for BC: the best of each task and position by goal, and of the others both sides where each is above the lower of two means.',
      ),
    top: z
      .number()
      .int()
      .min(1)
      .default(2)
      .describe('Kept per task and position by goal. Default 2 of 10, as the paper.'),
  }),
  z.strictObject({
    policy: z.literal('paper-sr').describe('The paper’s for SR: a share of each task and position by goal.'),
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(0.2)
      .describe('Share kept per task and position by goal. Default 0.2.'),
  }),
  z.strictObject({
    policy: z.literal('code-top1').describe('The published code’s: the best one of each task and position.'),
  }),
  z.strictObject({
    policy: z
      .literal('threshold')
      .describe('Every side from a goal score on, as many of the one position as of the other.'),
    minimumGoal: z
      .number()
      .min(0)
      .max(10)
      .default(7)
      .describe('Goal score, 0..10, from which a side is kept. Default 7.'),
  }),
  z.strictObject({
    policy: z.literal('random').describe('By chance: a control.'),
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(0.2)
      .describe('Share kept by chance: a control that selects nothing.'),
  }),
]);
export type FilterPolicy = z.infer<typeof FilterPolicy>;

export const DECISION_REASONS = [
  'top-of-task',
  'both-above-mean',
  'above-threshold',
  'drawn',
  'below-top',
  'below-mean',
  'below-threshold',
  'balanced-away',
  'not-drawn',
  'unrated',
] as const;

/** What became of one side of one episode. */
export const Decision = z.strictObject({
  episode: z.string(),
  task: z.string(),
  position: Position,
  keep: z.boolean(),
  reason: z.enum(DECISION_REASONS),
  /** 1 is best among the sides of the same task and position; null when unrated. */
  rank: z.number().int().min(1).nullable(),
  goal: z.number().nullable(),
  overall: z.number().nullable(),
  policy: z.string(),
  /** True when the goal score alone did not decide. */
  tied: z.boolean(),
});
export type Decision = z.infer<typeof Decision>;
