import { createHash } from 'node:crypto';
import { ApiError } from './apiError';
import { ChatRequest } from './chatRequest';
import { FINGERPRINT, modelNamed, type SimulatedModel } from './models';
import { countWords } from './words';

/** Checks a request and finds its model. Throws ApiError 400 or 404. */
export function readChatRequest(body: string): { request: ChatRequest; model: SimulatedModel } {
  const parsed = ChatRequest.safeParse(parseJson(body));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = issue?.path.join('.') || null;
    throw new ApiError(
      400,
      'invalid_request',
      `${param ?? 'body'}: ${issue?.message ?? 'is not a request'}`,
      param,
    );
  }
  const model = modelNamed(parsed.data.model);
  if (model) return { request: parsed.data, model };
  const message = `The model '${parsed.data.model}' does not exist; GET /v1/models lists those that do.`;
  throw new ApiError(404, 'model_not_found', message, 'model');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError(400, 'invalid_json', 'The body is not JSON.');
  }
}

/** The answer in the API's shape; equal requests give equal answers but for `created` (seconds since 1970). */
export function chatCompletion(
  request: ChatRequest,
  model: SimulatedModel,
  body: string,
  created: number,
): object {
  const { messages, seed, temperature } = request;
  const answer = model.answer({ messages, seed: seed ?? null, temperature: temperature ?? null });
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
  const { content, cut } =
    'content' in answer ? firstWords(answer.content, limit) : { content: null, cut: false };
  const refusal = 'refusal' in answer ? answer.refusal : null;
  const prompt_tokens = messages.reduce((sum, message) => sum + countWords(message.content), 0);
  const completion_tokens = countWords(content ?? refusal ?? '');
  return {
    id: `chatcmpl-${createHash('sha256').update(body).digest('hex').slice(0, 24)}`,
    object: 'chat.completion',
    created,
    model: model.snapshot,
    system_fingerprint: FINGERPRINT,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal },
        logprobs: null,
        finish_reason: cut ? 'length' : 'stop',
      },
    ],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  };
}

/** A token is a word here, so an answer is cut after so many words. */
function firstWords(content: string, limit: number): { content: string; cut: boolean } {
  if (countWords(content) <= limit) return { content, cut: false };
  return { content: new RegExp(`^\\s*(?:\\S+\\s*){${limit}}`).exec(content)?.[0].trimEnd() ?? '', cut: true };
}
