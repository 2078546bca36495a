import OpenAI from 'openai';
import type { ApplicationFailure } from '@temporalio/activity';
import { failure } from './failures';

/** What a failed model call means and what to do, by the answer's status. */
export function modelFailure(error: unknown, model: string, address: string): ApplicationFailure {
  const where = `model "${model}" at ${address}`;
  if (error instanceof OpenAI.APIConnectionError) {
    return failure(
      'MODEL_UNAVAILABLE',
      `No answer from ${where} (${reasonOf(error)}). Check that the server runs and the address is right; the call is tried again.`,
      { cause: error },
    );
  }
  if (!(error instanceof OpenAI.APIError)) {
    return failure(
      'MODEL_UNAVAILABLE',
      `The answer of ${where} could not be used (${reasonOf(error)}); the call is tried again.`,
      { cause: error },
    );
  }
  const said = error.message.slice(0, 300);
  const retryAfterMs = retryAfter(error.headers);
  switch (error.status) {
    case 401:
    case 403:
      return failure(
        'MODEL_UNAUTHORIZED',
        `${where} refuses the key: ${said}. Check the variable that apiKeyEnv names, then start the campaign again.`,
      );
    case 404:
      return failure(
        'MODEL_NOT_FOUND',
        `${where} does not exist: ${said}. Correct the model's name or address in the campaign file, then start again.`,
      );
    case 408:
    case 409:
      return failure('MODEL_UNAVAILABLE', `${where} asks to try again: ${said}.`, { retryAfterMs });
    case 429:
      return failure('MODEL_RATE_LIMITED', `${where} limits the rate: ${said}. The call is tried again.`, {
        retryAfterMs,
      });
    default:
      return error.status !== undefined && error.status < 500
        ? failure(
            'MODEL_REQUEST_REFUSED',
            `${where} refuses the request (${error.status}): ${said}. Correct the campaign file, then start again.`,
          )
        : failure(
            'MODEL_UNAVAILABLE',
            `${where} failed (${error.status ?? 'no status'}): ${said}. The call is tried again.`,
            { retryAfterMs },
          );
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}

/** Milliseconds from `retry-after-ms` or `retry-after` (RFC 9110: seconds or a date). */
function retryAfter(headers: Headers | undefined): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(exact)) return Math.max(0, exact);
  const given = headers?.get('retry-after');
  if (!given) return undefined;
  const seconds = Number(given);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(given) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
