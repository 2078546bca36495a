import type { Plan } from '../../schemas/plan';
import { isMapping } from '../campaign/specIssue';

/** The plan with at least this share of unrated episodes, 0 to 1, allowed in every stage that has such a limit. */
export function withUnratedShare(plan: Plan, unratedShare: number): Plan {
  return {
    ...plan,
    stages: plan.stages.map((stage) => ({
      ...stage,
      parameters: raised(stage.parameters, unratedShare),
    })),
  };
}

function raised(parameters: unknown, unratedShare: number): unknown {
  if (!isMapping(parameters) || typeof parameters['unratedShare'] !== 'number') return parameters;
  return { ...parameters, unratedShare: Math.max(parameters['unratedShare'], unratedShare) };
}
