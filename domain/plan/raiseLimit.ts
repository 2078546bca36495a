import type { Plan } from '../../schemas/plan';
import { isMapping } from '../campaign/specIssue';

/** Limits to be raised; what is not named stays. */
export interface RaisedLimits {
  /** Share of unrated episodes, 0 to 1, in every stage that has such a limit. */
  unratedShare?: number | undefined;
  /** Calls of models of the whole campaign. */
  modelCalls?: number | undefined;
}

/** The plan with at least these limits: none is lowered, and what has no limit gets none. */
export function withRaisedLimits(plan: Plan, { unratedShare = 0, modelCalls = 0 }: RaisedLimits): Plan {
  const { modelCalls: before } = plan.limits;
  return {
    ...plan,
    limits: { modelCalls: before === null ? null : Math.max(before, modelCalls) },
    stages: plan.stages.map((stage) => ({ ...stage, parameters: raised(stage.parameters, unratedShare) })),
  };
}

function raised(parameters: unknown, unratedShare: number): unknown {
  if (!isMapping(parameters) || typeof parameters['unratedShare'] !== 'number') return parameters;
  return { ...parameters, unratedShare: Math.max(parameters['unratedShare'], unratedShare) };
}
