import { z } from 'zod';
import { ApiError } from '../apiError';
import { ChatRequest } from '../chatRequest';
import type { ModelSettings } from './settings';
import { checkStrict } from './structuredOutput';
import { promptTokens } from './tokens';

const ResponseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
      description: z.string().nullish(),
      strict: z.boolean().nullish(),
      schema: z.record(z.string(), z.unknown()),
    }),
  }),
]);

/** A chat completion request as this provider takes it: what it does not know it refuses, as the real one does. */
export const ProviderRequest = z.strictObject({
  ...ChatRequest.shape,
  top_p: z.number().min(0).max(1).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  user: z.string().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  response_format: ResponseFormat.nullish(),
  prompt_cache_key: z.string().nullish(),
  reasoning_effort: z.enum(['minimal', 'low', 'medium', 'high']).nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type ProviderRequest = z.infer<typeof ProviderRequest>;

/** Longest answer in tokens that a request allows; null: it does not say. */
export const answerLimit = (request: ProviderRequest): number | null =>
  request.max_completion_tokens ?? request.max_tokens ?? null;

/**
 * Parses a request's body.
 * @param model the one that is asked, where the body need not name it
 * Errors: ApiError 400.
 */
export function readRequest(body: string, model?: string): ProviderRequest {
  const asked = parseJson(body);
  const parsed = ProviderRequest.safeParse(model === undefined ? asked : Object.assign({}, asked, { model }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const [unknown = ''] = issue.keys;
    throw new ApiError(
      400,
      'unknown_parameter',
      `Unrecognized request argument supplied: ${unknown}`,
      unknown,
    );
  }
  const param = issue?.path.join('.') || null;
  throw new ApiError(400, 'invalid_value', `${param ?? 'body'}: ${issue?.message ?? 'is no request'}`, param);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError(400, 'invalid_json', 'We could not parse the JSON body of your request.');
  }
}

/** Refuses what the model does not offer. Errors: ApiError 400. */
export function checkOffered(request: ProviderRequest, model: ModelSettings): void {
  const { capabilities, contextTokens, reasoningTokens } = model;
  const reasons = reasoningTokens > 0;
  if (reasons && typeof request.max_tokens === 'number')
    throw unsupported('max_tokens', "Use 'max_completion_tokens' instead.");
  if (reasons && (request.temperature ?? 1) !== 1) throw unsupportedValue('temperature', request.temperature);
  if (reasons && (request.top_p ?? 1) !== 1) throw unsupportedValue('top_p', request.top_p);
  if (!reasons && request.reasoning_effort) throw unsupported('reasoning_effort');
  if (!capabilities.seed && typeof request.seed === 'number') throw unsupported('seed');
  if (!capabilities.logprobs && request.logprobs === true) throw unsupported('logprobs');
  if (request.response_format?.type === 'json_schema') {
    if (!capabilities.jsonSchema) throw unsupportedValue('response_format', 'json_schema');
    const { strict, schema, name } = request.response_format.json_schema;
    if (strict === true) checkStrict(schema, name);
  }
  const tokens = promptTokens(request.messages);
  if (tokens > contextTokens)
    throw new ApiError(
      400,
      'context_length_exceeded',
      `This model's maximum context length is ${contextTokens} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`,
      'messages',
    );
}

const unsupported = (param: string, instead = '') =>
  new ApiError(
    400,
    'unsupported_parameter',
    `Unsupported parameter: '${param}' is not supported with this model. ${instead}`.trim(),
    param,
  );

const unsupportedValue = (param: string, value: unknown) =>
  new ApiError(
    400,
    'unsupported_value',
    `Unsupported value: '${param}' does not support ${String(value)} with this model.`,
    param,
  );
