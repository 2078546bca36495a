import { sumUsage } from '../../domain/plan/cost';
import type { ModelCall } from '../../schemas/modelCall';
import type { ChatMessage } from '../../schemas/training';
import { digestOfJson } from '../../artifacts/canonicalJson';
import type { Completion } from './chatCompletion';

/**
 * What is kept of one question to a model: the first prompt by digest, and the tokens of all calls it took.
 * @param written what the prompt's template writes for what was read in the answer: the answer is kept where it differs
 */
export function recordCall(
  model: string,
  prompt: ChatMessage[],
  completions: readonly Completion[],
  written?: string,
): ModelCall {
  const answer = completions.at(-1)?.text;
  return {
    model,
    snapshot: completions.findLast(({ snapshot }) => snapshot !== '')?.snapshot ?? '',
    promptDigest: digestOfJson(prompt),
    usage: sumUsage(completions.map(({ usage }) => usage)),
    calls: completions.length,
    ...(written !== undefined && answer !== undefined && answer !== written && { answer }),
  };
}
