import OpenAI from 'openai';
import type { ApplicationFailure } from '@temporalio/activity';
import { failure, reasonOf } from '../support/failures';
import { resetOf } from './rateLimits/announcedLimits';

/** Who was asked; keys are here only so that they can be kept out of messages. */
export interface Asked {
  model: string;
  baseUrl: string;
  apiKey: string;
  /** Keys that went in headers of the endpoint's own. */
  secrets?: readonly string[];
  /** Variable that holds the key, where the campaign names one. */
  apiKeyEnv?: string | undefined;
}

/**
 * What a failed model call means and what to do, by the answer's status. Underlying errors are not attached: they may
 * hold the key, and failures stand in histories.
 */
export function modelFailure(error: unknown, asked: Asked): ApplicationFailure {
  const where = `model "${asked.model}" at ${asked.baseUrl}`;
  if (error instanceof OpenAI.APIConnectionError) {
    return failure(
      'MODEL_UNAVAILABLE',
      `No answer from ${where} (${withoutKey(reasonOf(error), asked)}). Check that the server runs and the address is right; the call is tried again.`,
      { unpaid: isUnsent(error) },
    );
  }
  if (!(error instanceof OpenAI.APIError)) {
    return failure(
      'MODEL_UNAVAILABLE',
      `The answer of ${where} could not be used (${withoutKey(reasonOf(error), asked)}); the call is tried again.`,
    );
  }
  const said = sentence(withoutKey(error.message, asked).slice(0, 300));
  const retryAfterMs = retryAfter(error.headers);
  const unpaid = !MAY_HAVE_BEEN_ANSWERED.has(error.status ?? 0);
  if (isAbout(error, QUOTA) || error.status === PAYMENT_REQUIRED) {
    return failure(
      'MODEL_QUOTA_EXHAUSTED',
      `The account of ${where} has no quota left: ${said} Raise its limit or top it up with the provider.`,
      { unpaid },
    );
  }
  if (isAbout(error, GONE)) return gone(where, said);
  switch (error.status) {
    case 401:
    case 403:
      return failure('MODEL_UNAUTHORIZED', `${where} refuses ${keyOf(asked)}: ${said} ${remedyOf(asked)}.`, {
        unpaid,
      });
    case 404:
    case 410:
      return gone(where, said);
    case 408:
    case 409:
      return failure('MODEL_UNAVAILABLE', `${where} asks to try again: ${said}`, { retryAfterMs, unpaid });
    case 429:
      if (isTooLarge(error)) return refused(error, where, said, unpaid);
      return failure('MODEL_RATE_LIMITED', `${where} limits the rate: ${said} The call is tried again.`, {
        retryAfterMs,
        unpaid,
      });
    default:
      return error.status !== undefined && error.status < 500
        ? refused(error, where, said, unpaid)
        : failure(
            'MODEL_UNAVAILABLE',
            `${where} failed (${error.status ?? 'no status'}): ${said} The call is tried again.`,
            { retryAfterMs, unpaid },
          );
  }
}

const PAYMENT_REQUIRED = 402;

/** No status, a request that took too long, and what a gateway says when it gave up waiting for the model behind it. */
const MAY_HAVE_BEEN_ANSWERED = new Set([0, 408, 502, 504]);

/** Reasons for which a request has not left the machine. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const isUnsent = ({ cause }: Error): boolean =>
  cause instanceof Error && 'code' in cause && UNSENT.has(String(cause.code));

/** Codes and types of OpenAI and of makers of compatible servers. A used-up quota comes as 429, like a limited rate. */
const QUOTA = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'exceeded_current_quota_error',
]);
const GONE = new Set(['model_not_found', 'model_deprecated', 'model_decommissioned', 'model_retired']);

const isAbout = ({ code, type }: { code?: unknown; type?: unknown }, words: ReadonlySet<unknown>): boolean =>
  words.has(code) || words.has(type);

/** Another model would give other results, so only a person names one. */
const gone = (where: string, said: string): ApplicationFailure =>
  failure(
    'MODEL_NOT_FOUND',
    `${where} does not exist, or does not any more: ${said} Correct the model's name or address in the campaign file, or name another snapshot where it was retired, and \`pi-loop amend\` the campaign. No other model is put in its place by itself.`,
    { unpaid: true },
  );

type RefusedRequest = InstanceType<typeof OpenAI.APIError>;

const refused = (error: RefusedRequest, where: string, said: string, unpaid: boolean): ApplicationFailure =>
  failure(
    'MODEL_REQUEST_REFUSED',
    `${where} refuses the request (${error.status}): ${said} ${correctionOf(error)}.`,
    { unpaid },
  );

/** More tokens than the limit lets in at once: it will not pass by waiting. */
const isTooLarge = ({ message }: RefusedRequest): boolean => /request too large/i.test(message);

const keyOf = ({ apiKeyEnv, secrets = [] }: Asked): string => {
  if (apiKeyEnv !== undefined) return `the key in ${apiKeyEnv}`;
  return secrets.length > 0 ? 'the key in the headers' : 'a call without a key';
};

const remedyOf = ({ apiKeyEnv, secrets = [] }: Asked): string => {
  if (apiKeyEnv === undefined && secrets.length > 0)
    return "Set the variables that the model's headers name to a valid key where the workers start";
  return apiKeyEnv === undefined
    ? "Name the variable that holds its key as the model's apiKeyEnv"
    : `Set ${apiKeyEnv} to a valid key where the workers start`;
};

/** OpenAI's code for a prompt that does not fit; servers of other makers send it as well. */
const correctionOf = (error: RefusedRequest): string =>
  error.code === 'context_length_exceeded'
    ? 'Use a model with a longer context (for a policy made from nothing: policy.base.pretrain.model.contextLength), or shorten what it reads: fewer turns (episodes.maxTurns), shorter answers (sampling.maxTokens)'
    : isTooLarge(error)
      ? 'Lower sampling.maxTokens, which counts in full, or have the limit raised'
      : 'Correct the campaign file';

/** Some servers repeat the key in their answer, and the client repeats a header that cannot be sent. */
const withoutKey = (text: string, { apiKey, apiKeyEnv, secrets = [] }: Asked): string =>
  [...(apiKeyEnv === undefined ? [] : [apiKey]), ...secrets].reduce(
    (clean, secret) => clean.replaceAll(secret, '***'),
    text,
  );

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Milliseconds from `retry-after-ms`, `retry-after` (RFC 9110: seconds or a date), or when what is used up is there again. */
function retryAfter(headers: Headers | undefined): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(exact)) return Math.max(0, exact);
  const given = headers?.get('retry-after');
  if (!given) return resetOf(headers) ?? undefined;
  const seconds = Number(given);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(given) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
