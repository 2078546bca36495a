import type OpenAI from 'openai';
import type { Sampling } from '../../schemas/model';
import type { Usage } from '../../schemas/modelCall';
import type { ChatMessage } from '../../schemas/training';
import { failure } from '../support/failures';
import type { Asked } from './modelFailures';

export interface ChatQuestion {
  messages: ChatMessage[];
  sampling: Sampling;
  seed: number;
}

export interface Completion {
  text: string;
  /** The name the provider answered with. */
  snapshot: string;
  usage: Usage;
  /** `system_fingerprint`, where given: a policy server puts the digest of its weights here. */
  fingerprint: string | undefined;
  refused: boolean;
}

/** What is sent to a provider, by whichever of its interfaces. */
export function chatRequest(
  model: string,
  { messages, sampling, seed }: ChatQuestion,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  return {
    model,
    messages,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    max_tokens: sampling.maxTokens,
    seed,
  };
}

/** Errors: MODEL_ANSWER_EMPTY. */
export function readCompletion(answer: OpenAI.ChatCompletion, { model, baseUrl }: Asked): Completion {
  const choice = answer.choices?.[0];
  if (!choice) {
    throw failure(
      'MODEL_ANSWER_EMPTY',
      `model "${model}" at ${baseUrl} answered without a choice. The call is tried again.`,
    );
  }
  return {
    text: choice.message.content ?? choice.message.refusal ?? '',
    snapshot: answer.model,
    usage: {
      inputTokens: answer.usage?.prompt_tokens ?? 0,
      outputTokens: answer.usage?.completion_tokens ?? 0,
    },
    fingerprint: answer.system_fingerprint ?? undefined,
    refused: Boolean(choice.message.refusal) || choice.finish_reason === 'content_filter',
  };
}
