import { z } from 'zod';

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

/** An integer within a dimension’s range. */
export const score = ([low, high]: readonly [number, number]) => z.number().int().min(low).max(high);

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

/** Unweighted mean of the seven dimensions, as Sotopia's `overall_score`. */
export const overallScore = (scores: Scores): number =>
  DIMENSIONS.reduce((sum, dimension) => sum + scores[dimension], 0) / DIMENSIONS.length;
