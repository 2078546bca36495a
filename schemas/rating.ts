import { z } from 'zod';
import { ModelCall } from './modelCall';
import { DIMENSION_RANGES, Scores, score } from './scores';

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

export const UnratedReason = z.enum([
  'unreadable-answer',
  'truncated-answer',
  'refusal',
  'unparsable-episode',
]);
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
