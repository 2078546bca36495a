import type { Estimate, Plan, Stage } from '../../schemas/plan';
import { askingOf } from './forecast/forecastStage';

export const NO_WORK: Estimate = { episodes: 0, calls: 0, tokens: 0, gpuSeconds: 0 };

/** Calls and tokens that are to be expected of a stage; GPUs are forecast for the plan as a whole. */
export function estimateStage(stage: Pick<Stage, 'kind' | 'parameters'>, episodes: number): Estimate {
  const asked = askingOf({ ...stage, episodes });
  const total = (of: (one: (typeof asked)[number]) => number) =>
    Math.round(asked.reduce((sum, one) => sum + of(one), 0));
  return {
    episodes,
    calls: total(({ calls }) => calls.expected),
    tokens: total(({ inputTokens, outputTokens }) => inputTokens.expected + outputTokens.expected),
    gpuSeconds: 0,
  };
}

/** Sum over the plan; what a campaign is expected to ask for in all. */
export function totalEstimate(plan: Plan): Estimate {
  return plan.stages.reduce(
    (sum, { estimate }) => ({
      episodes: sum.episodes + estimate.episodes,
      calls: sum.calls + estimate.calls,
      tokens: sum.tokens + estimate.tokens,
      gpuSeconds: sum.gpuSeconds + estimate.gpuSeconds,
    }),
    NO_WORK,
  );
}
