import { DIMENSIONS, type Dimension } from '../schemas/scores';
import type { Question } from './chatRequest';
import { RULES, roundedScore } from './judging/dimensions';
import { type Evidence, evidenceOf } from './judging/evidence';
import { readJudgePrompt } from './reading/judgePrompt';

type Judgement = Record<Dimension, { reasoning: string; score: number }>;

/** Rates both sides by fixed rules over what was said; a prompt without two goals gets prose. */
export function judge({ messages }: Question): string {
  const prompt = readJudgePrompt(messages);
  if (!prompt) return 'I see no conversation of two agents to rate.';
  const [one, other] = evidenceOf(prompt);
  return JSON.stringify({ agent_1: judgementOf(one), agent_2: judgementOf(other) });
}

function judgementOf(evidence: Evidence): Judgement {
  const entries = DIMENSIONS.map((dimension) => {
    const { score, reasoning } = RULES[dimension](evidence);
    return [dimension, { reasoning, score: roundedScore(dimension, score) }];
  });
  return Object.fromEntries(entries) as Judgement;
}
