import type { Estimate, Plan } from '../../schemas/plan';
import type { TemplateName } from '../../schemas/episode';

/** Share of the turn limit that conversations use on average: what Sotopia's and the simulator's episodes show. */
const EXPECTED_TURN_SHARE = 0.7;

/** Tokens of a prompt at its start, of each further turn, and of an answer, by template. */
const TOKENS: Record<TemplateName, { start: number; perTurn: number; answer: number }> = {
  'compact-v1': { start: 15, perTurn: 10, answer: 10 },
  'sotopia-v1': { start: 900, perTurn: 45, answer: 60 },
};
const JUDGE_TOKENS = { start: 1000, answer: 700 };
const AUTHOR_TOKENS = { prompt: 700, answer: 250, rejectedShare: 0.15 };

export const NO_WORK: Estimate = { episodes: 0, calls: 0, tokens: 0, gpuSeconds: 0 };

/** Calls and tokens of playing and rating episodes; one call a turn and one rating. */
export function estimateEpisodes(episodes: number, maxTurns: number, template: TemplateName): Estimate {
  const turns = Math.ceil(maxTurns * EXPECTED_TURN_SHARE);
  const { start, perTurn, answer } = TOKENS[template];
  const played = turns * (start + answer + (perTurn * (turns - 1)) / 2);
  const judged = JUDGE_TOKENS.start + JUDGE_TOKENS.answer + turns * answer;
  return {
    episodes,
    calls: episodes * (turns + 1),
    tokens: Math.round(episodes * (played + judged)),
    gpuSeconds: 0,
  };
}

export function estimateAuthoring(tasks: number): Estimate {
  const calls = Math.ceil(tasks * (1 + AUTHOR_TOKENS.rejectedShare));
  return { ...NO_WORK, calls, tokens: calls * (AUTHOR_TOKENS.prompt + AUTHOR_TOKENS.answer) };
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
