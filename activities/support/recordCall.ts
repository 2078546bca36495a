import type { ModelCall } from '../../schemas/modelCall';
import type { ChatMessage } from '../../schemas/training';
import { digestOfJson } from '../../artifacts/canonicalJson';
import type { Completion } from './languageModels';

/** What is kept of one question to a model: the first prompt by digest, and the tokens of all calls it took. */
export function recordCall(
  model: string,
  prompt: ChatMessage[],
  completions: readonly Completion[],
): ModelCall {
  const total = (tokens: (completion: Completion) => number) =>
    completions.reduce((sum, completion) => sum + tokens(completion), 0);
  return {
    model,
    snapshot: completions.at(-1)?.snapshot ?? '',
    promptDigest: digestOfJson(prompt),
    usage: {
      inputTokens: total((one) => one.usage.inputTokens),
      outputTokens: total((one) => one.usage.outputTokens),
    },
    calls: completions.length,
  };
}
