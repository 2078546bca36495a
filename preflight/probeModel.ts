import { ApplicationFailure } from '@temporalio/common';
import OpenAI, { type ClientOptions } from 'openai';
import { z } from 'zod';
import { chatRequest } from '../activities/models/chatCompletion';
import { clientOptions, type Endpoint, resolveEndpoint } from '../activities/models/endpoint';
import { modelFailure } from '../activities/models/modelFailures';
import type { Environment } from '../activities/support/environment';
import type { Capabilities } from '../domain/campaign/checkCapabilities';
import { answerForm } from '../domain/prompts/answerForm';
import { extractJson } from '../domain/prompts/extractJson';
import type { ModelSpec } from '../schemas/model';

type Request = OpenAI.ChatCompletionCreateParamsNonStreaming;

const TIMEOUT_MS = 30_000;
/** Room for a short answer, and for what a model thinks before it. */
const ANSWER_TOKENS = 64;
const REASONING_TOKENS = 1024;

/** Nothing in it asks for JSON: only an endpoint that keeps to a schema answers it so. */
const QUESTION = [{ role: 'user' as const, content: 'Are you there?' }];
const Presence = z.strictObject({ present: z.enum(['yes', 'no']) });

/**
 * Asks a model three or four short questions, with the settings of the campaign, and looks for its batches.
 * Errors: MODEL_*, CONFIGURATION_MISSING.
 */
export async function probeModel(
  model: ModelSpec,
  environment: Environment,
  fetch: ClientOptions['fetch'],
): Promise<Capabilities> {
  const endpoint = resolveEndpoint(model, environment);
  const client = new OpenAI({ ...clientOptions(endpoint), timeout: TIMEOUT_MS, fetch });
  const ask = async (request: Request): Promise<OpenAI.ChatCompletion> => {
    try {
      return await client.chat.completions.create(request);
    } catch (error) {
      throw modelFailure(error, endpoint);
    }
  };
  const { answer, request, seed } = await askWithSeed(model, endpoint, ask);
  const [formed, weighed, batches] = await Promise.all([
    unlessRefused(() => ask({ ...request, response_format: presenceFormat() })),
    unlessRefused(() => ask({ ...request, logprobs: true })),
    hasBatches(client),
  ]);
  const { usage } = answer;
  return {
    snapshot: answer.model,
    fingerprint: answer.system_fingerprint ?? null,
    jsonSchema: Presence.safeParse(extractJson(textOf(formed))).success,
    seed,
    logProbabilities: (weighed?.choices[0]?.logprobs?.content ?? []).length > 0,
    usage: (usage?.prompt_tokens ?? 0) > 0,
    cachedTokens: typeof usage?.prompt_tokens_details?.cached_tokens === 'number',
    batches,
  };
}

/** Whether its batches can be listed, which costs nothing. What goes wrong here is no reason not to ask the model. */
async function hasBatches(client: OpenAI): Promise<boolean | null> {
  try {
    await client.batches.list({ limit: 1 });
    return true;
  } catch (error) {
    return error instanceof OpenAI.APIError && NO_BATCHES.has(error.status) ? false : null;
  }
}

/** What servers answer that know no such address, and those that want another key for it. */
const NO_BATCHES = new Set<number | undefined>([400, 401, 403, 404, 405, 501]);

type Ask = (request: Request) => Promise<OpenAI.ChatCompletion>;

/** A question that is refused with a seed and answered without one: it is the seed that is not taken. */
async function askWithSeed(model: ModelSpec, endpoint: Endpoint, ask: Ask) {
  const most = model.reasoning === undefined ? ANSWER_TOKENS : REASONING_TOKENS;
  const sampling = { ...model.sampling, maxTokens: Math.min(model.sampling.maxTokens, most) };
  const requestOf = (seeded: boolean) =>
    chatRequest({ ...endpoint, seeded }, { messages: QUESTION, sampling, seed: 1 });
  const seeded = requestOf(true);
  const unseeded = requestOf(false);
  try {
    return { answer: await ask(seeded), request: seeded, seed: true };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { answer: await ask(unseeded), request: unseeded, seed: false };
  }
}

function presenceFormat(): NonNullable<Request['response_format']> {
  return { type: 'json_schema', json_schema: { ...answerForm('presence', Presence), strict: true } };
}

const textOf = (answer: OpenAI.ChatCompletion | null): string => answer?.choices[0]?.message.content ?? '';

const unlessRefused = <R>(ask: () => Promise<R>): Promise<R | null> =>
  ask().catch((error: unknown) => {
    if (isRefusal(error)) return null;
    throw error;
  });

const isRefusal = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === 'MODEL_REQUEST_REFUSED';
