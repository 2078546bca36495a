import type { ClientOptions } from 'openai';
import type { ModelSpec } from '../../schemas/model';
import type { Environment } from '../support/environment';
import type { Answerer } from './chatCompletion';
import type { Asked } from './modelFailures';

/** A model where it is, with what its campaign names filled in from the environment. */
export interface Endpoint extends Asked, Answerer {
  headers?: Record<string, string>;
  query?: Record<string, string> | undefined;
}

/** Errors: CONFIGURATION_MISSING. */
export function resolveEndpoint(spec: ModelSpec, environment: Environment): Endpoint {
  const { apiKeyEnv, model, query, reasoning, seeded, structuredOutput } = spec;
  const headers = Object.entries(spec.headers ?? {}).map(
    ([name, value]) => [name, environment.resolveSecrets(value)] as const,
  );
  return {
    baseUrl: environment.resolve(spec.baseUrl),
    apiKey: apiKeyEnv === undefined ? NO_KEY : environment.secret(apiKeyEnv),
    apiKeyEnv,
    headers: Object.fromEntries(headers.map(([name, { text }]) => [name, text])),
    secrets: headers.flatMap(([, { secrets }]) => secrets),
    ...{ model, query, reasoning, seeded, structuredOutput },
  };
}

/** The client wants a key where there is none; it is never sent. */
const NO_KEY = 'none';

/** How the openai package reaches it. Retries belong to whoever asks. */
export const clientOptions = ({ baseUrl, apiKey, apiKeyEnv, headers, query }: Endpoint): ClientOptions => ({
  baseURL: baseUrl,
  apiKey,
  defaultHeaders: { ...(apiKeyEnv === undefined && { authorization: null }), ...headers },
  defaultQuery: query,
  maxRetries: 0,
});
