import { z } from 'zod';
import { DIMENSIONS } from './scores';

export const METRICS = [...DIMENSIONS, 'overall'] as const;
export type Metric = (typeof METRICS)[number];

const metrics = z.record(z.string(), z.number());

/**
 * One contestant's play on the held-out tasks: what each task gave over its rated episodes. A task without any is not
 * listed, and shows in `unratedByTask` alone.
 */
export const Evaluation = z.strictObject({
  name: z.string(),
  tasks: z.array(
    z.strictObject({
      task: z.string(),
      /** Rated ones. */
      episodes: z.number().int().min(1),
      /** Mean of the contestant's scores per metric. */
      scores: metrics,
      /** Mean of the partner's scores per metric. */
      partnerScores: metrics,
      /** Mean goal of the contestant by the position it played; null where no episode was rated. */
      goalByPosition: z.tuple([z.number().nullable(), z.number().nullable()]),
      agreement: z.number(),
      meanTurns: z.number(),
    }),
  ),
  /** All that were played, the unrated among them. */
  episodes: z.number().int(),
  unrated: z.number().int(),
  unratedByTask: z.record(z.string(), z.number().int().min(1)),
  /** Share of the rated episodes in which both sides reached some of their goal. */
  agreement: z.number(),
  /** Of the rated episodes. */
  meanTurns: z.number(),
});
export type Evaluation = z.infer<typeof Evaluation>;

export const Interval = z.strictObject({ mean: z.number(), low: z.number(), high: z.number() });
export type Interval = z.infer<typeof Interval>;

export const PolicyScores = z.strictObject({
  policy: z.string(),
  reference: z.boolean(),
  tasks: z.number().int(),
  episodes: z.number().int(),
  unrated: z.number().int(),
  agreement: z.number(),
  meanTurns: z.number(),
  metrics: z.record(z.string(), Interval),
  partnerGoal: Interval,
});
export type PolicyScores = z.infer<typeof PolicyScores>;

/** Paired by task: mean of (better − worse), interval by bootstrap over tasks, p by paired t-test over tasks. */
export const Comparison = z.strictObject({
  better: z.string(),
  worse: z.string(),
  metric: z.string(),
  tasks: z.number().int(),
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  p: z.number(),
});
export type Comparison = z.infer<typeof Comparison>;

/** The campaign's result table, over all held-out tasks and over the hard ones. */
export const Results = z.strictObject({
  simulated: z.boolean(),
  all: z.strictObject({ policies: z.array(PolicyScores), comparisons: z.array(Comparison) }),
  hard: z.strictObject({
    tasks: z.array(z.string()),
    policies: z.array(PolicyScores),
    comparisons: z.array(Comparison),
  }),
});
export type Results = z.infer<typeof Results>;
