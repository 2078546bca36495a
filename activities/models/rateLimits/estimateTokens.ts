import type { ModelSpec } from '../../../schemas/model';
import type { ChatMessage } from '../../../schemas/training';

/** Of English prose and JSON, with the tokenizers in use. */
const CHARACTERS_A_TOKEN = 4;

/**
 * What a provider counts against its limit when it is asked: the prompt, or the longest answer that is allowed if that
 * is more (OpenAI's guide "Rate limits"). What the answer takes beyond it is known when it is there.
 */
export function estimateTokens(messages: readonly ChatMessage[], { sampling }: ModelSpec): number {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  return Math.max(sampling.maxTokens, Math.ceil(characters / CHARACTERS_A_TOKEN));
}
