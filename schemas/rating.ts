import { z } from 'zod';
import { ModelCall } from './episode';

/** SotopiaEval's seven dimensions with their ranges (sotopia v0.1.4, evaluators). */
export const DIMENSION_RANGES = {
  believability: [0, 10],
  relationship: [-5, 5],
  knowledge: [0, 10],
  secret: [-10, 0],
  social_rules: [-10, 0],
  financial_and_material_benefits: [-5, 5],
  goal: [0, 10],
} as const satisfies Record<string, readonly [number, number]>;

export type Dimension = keyof typeof DIMENSION_RANGES;
export const DIMENSIONS = Object.keys(DIMENSION_RANGES) as Dimension[];

const score = ([low, high]: readonly [number, number]) => z.number().int().min(low).max(high);

export const Scores = z.strictObject({
  believability: score(DIMENSION_RANGES.believability),
  relationship: score(DIMENSION_RANGES.relationship),
  knowledge: score(DIMENSION_RANGES.knowledge),
  secret: score(DIMENSION_RANGES.secret),
  social_rules: score(DIMENSION_RANGES.social_rules),
  financial_and_material_benefits: score(DIMENSION_RANGES.financial_and_material_benefits),
  goal: score(DIMENSION_RANGES.goal),
});
export type Scores = z.infer<typeof Scores>;

const judged = (range: readonly [number, number]) =>
  z.strictObject({ reasoning: z.string(), score: score(range) });

const AgentJudgement = z.strictObject({
  believability: judged(DIMENSION_RANGES.believability),
  relationship: judged(DIMENSION_RANGES.relationship),
  knowledge: judged(DIMENSION_RANGES.knowledge),
  secret: judged(DIMENSION_RANGES.secret),
  social_rules: judged(DIMENSION_RANGES.social_rules),
  financial_and_material_benefits: judged(DIMENSION_RANGES.financial_and_material_benefits),
  goal: judged(DIMENSION_RANGES.goal),
});

/** What the judge must answer: for each agent and dimension a reasoning, then an integer in range. */
export const JudgeAnswer = z.strictObject({ agent_1: AgentJudgement, agent_2: AgentJudgement });
export type JudgeAnswer = z.infer<typeof JudgeAnswer>;

export const UnratedReason = z.enum(['unreadable-answer', 'refusal', 'unparsable-episode']);
export type UnratedReason = z.infer<typeof UnratedReason>;

const reasonings = z.record(z.string(), z.string());

/** A rating, or the reason why there is none. An unrated episode is never scored 0. */
export const Rating = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rated'),
    episode: z.string(),
    scores: z.tuple([Scores, Scores]),
    reasoning: z.tuple([reasonings, reasonings]),
    call: ModelCall,
  }),
  z.strictObject({
    kind: z.literal('unrated'),
    episode: z.string(),
    reason: UnratedReason,
    /** The judge's last answer, or the agent's unreadable one: untrusted text kept as evidence. */
    answer: z.string(),
    call: ModelCall.optional(),
  }),
]);
export type Rating = z.infer<typeof Rating>;

/** Unweighted mean of the seven dimensions, as Sotopia's `overall_score`. */
export const overallScore = (scores: Scores): number =>
  DIMENSIONS.reduce((sum, dimension) => sum + scores[dimension], 0) / DIMENSIONS.length;
