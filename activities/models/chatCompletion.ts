import type { ApplicationFailure } from '@temporalio/activity';
import OpenAI from 'openai';
import { z } from 'zod';
import { takesPromptCacheKey } from '../../domain/plan/endpoints';
import type { AnswerForm } from '../../domain/prompts/answerForm';
import type { ModelSpec, Sampling } from '../../schemas/model';
import type { Usage } from '../../schemas/modelCall';
import type { MinuteLimits } from '../../schemas/rateLimit';
import type { ChatMessage } from '../../schemas/training';
import { failure } from '../support/failures';
import { type Asked, modelFailure } from './modelFailures';

export interface ChatQuestion {
  messages: ChatMessage[];
  sampling: Sampling;
  seed: number;
  /** What the endpoint is to keep the answer to, where the model's `structuredOutput` says so. */
  form?: AnswerForm | undefined;
  /** Names what shares the beginning of the prompt, such as one side of a conversation. */
  conversation?: string | undefined;
}

/** Who is asked, and what of that decides the form of a request. */
export type Answerer = Pick<ModelSpec, 'model' | 'baseUrl' | 'reasoning' | 'seeded' | 'structuredOutput'>;

export interface Completion {
  text: string;
  /** The name the provider answered with; empty where a filter stopped the prompt. */
  snapshot: string;
  usage: Usage;
  /** `system_fingerprint`, where given: a policy server puts the digest of its weights here. */
  fingerprint: string | undefined;
  /** By the model itself or by the provider's filter. */
  refused: boolean;
  /** The answer ended at `sampling.maxTokens`. */
  truncated: boolean;
  /** It came by the provider's Batch API, which has prices of its own. */
  batched?: boolean;
  /** It is an answer of a batch that was sent for an earlier asker, who has booked it or holds what it may cost. */
  bookedBefore?: boolean;
  /** The account's limits, where the answer tells of them. */
  announced?: MinuteLimits | null;
}

/** What is sent to a provider, by whichever of its interfaces. */
export function chatRequest(
  { model, baseUrl, reasoning, seeded = true, structuredOutput }: Answerer,
  { messages, sampling, seed, form, conversation }: ChatQuestion,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const { temperature, topP, maxTokens } = sampling;
  return {
    model,
    messages,
    ...(reasoning === undefined
      ? { temperature, top_p: topP, max_tokens: maxTokens }
      : { reasoning_effort: reasoning, max_completion_tokens: maxTokens }),
    ...(seeded && { seed }),
    ...(form &&
      structuredOutput === 'schema' && {
        response_format: { type: 'json_schema', json_schema: { ...form, strict: true } },
      }),
    ...(conversation !== undefined && takesPromptCacheKey(baseUrl) && { prompt_cache_key: conversation }),
  };
}

/** Errors: MODEL_ANSWER_EMPTY; MODEL_* where the answer is an error in itself. */
export function readCompletion(answer: OpenAI.ChatCompletion, asked: Asked): Completion {
  const choice = answer.choices?.[0];
  if (!choice) throw errorIn(answer, asked) ?? empty(asked);
  return {
    text: choice.message.content ?? choice.message.refusal ?? '',
    snapshot: answer.model,
    usage: readUsage(answer.usage),
    fingerprint: answer.system_fingerprint ?? undefined,
    refused: Boolean(choice.message.refusal) || choice.finish_reason === 'content_filter',
    truncated: choice.finish_reason === 'length',
  };
}

const empty = ({ model, baseUrl }: Asked) =>
  failure(
    'MODEL_ANSWER_EMPTY',
    `model "${model}" at ${baseUrl} answered without a choice. The call is tried again.`,
  );

/** Routers such as OpenRouter answer 200 and say in the body what the model's own provider has answered. */
function errorIn(answer: object, asked: Asked): ApplicationFailure | undefined {
  const { error } = z.object({ error: ErrorInAnswer }).safeParse(answer).data ?? {};
  if (!error) return undefined;
  const { code, message } = error;
  return modelFailure(OpenAI.APIError.generate(code, { error }, message, new Headers()), asked);
}

const ErrorInAnswer = z.looseObject({ code: z.coerce.number().int().min(400), message: z.string() });

/**
 * A prompt that the provider's filter stopped is refused as an answer is, only earlier: nobody has answered, and asking
 * again as it stands is of no use. Azure answers 400 so; OpenAI says it of prompts to models that reason.
 * @returns undefined for any other error
 */
export function readFiltered(error: unknown): Completion | undefined {
  if (!(error instanceof OpenAI.APIError) || !FILTERED.has(error.code)) return undefined;
  const usage = { inputTokens: 0, outputTokens: 0 };
  return { text: '', snapshot: '', usage, fingerprint: undefined, refused: true, truncated: false };
}

const FILTERED = new Set<unknown>(['content_filter', 'content_policy_violation', 'invalid_prompt']);

function readUsage(usage: OpenAI.CompletionUsage | undefined): Usage {
  const cachedTokens = usage?.prompt_tokens_details?.cached_tokens;
  const reasoningTokens = usage?.completion_tokens_details?.reasoning_tokens;
  return {
    inputTokens: usage?.prompt_tokens ?? 0,
    outputTokens: usage?.completion_tokens ?? 0,
    ...(typeof cachedTokens === 'number' && { cachedTokens }),
    ...(typeof reasoningTokens === 'number' && { reasoningTokens }),
  };
}
