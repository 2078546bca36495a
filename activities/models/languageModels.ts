import OpenAI from 'openai';
import type { ModelSpec, Sampling } from '../../schemas/model';
import type { Usage } from '../../schemas/modelCall';
import type { ChatMessage } from '../../schemas/training';
import { createChatClient } from './chatClient';
import type { Environment } from '../support/environment';
import { failure } from '../support/failures';
import { type Asked, modelFailure } from './modelFailures';
import { createUndiciFetch } from './undiciFetch';

/** Sockets to one endpoint, far above what stages ask at once: what limits calls is the campaign's `episodesInFlight`. */
const CONNECTIONS = 1024;
const CALL_TIMEOUT_MS = 120_000;

export interface Completion {
  text: string;
  /** The name the provider answered with. */
  snapshot: string;
  usage: Usage;
  /** `system_fingerprint`, where given: a policy server puts the digest of its weights here. */
  fingerprint: string | undefined;
  refused: boolean;
}

export type Endpoint = Asked;

interface CompletionRequest {
  messages: ChatMessage[];
  sampling: Sampling;
  seed: number;
  signal: AbortSignal;
}

/** Calls models behind OpenAI-compatible endpoints. Retries belong to Temporal, so the client makes none. */
export class LanguageModels {
  private readonly clients = new Map<string, OpenAI>();
  private readonly transport = createUndiciFetch(CONNECTIONS);

  constructor(private readonly environment: Environment) {}

  endpointOf(spec: ModelSpec): Endpoint {
    return {
      baseUrl: this.environment.resolve(spec.baseUrl),
      apiKey: spec.apiKeyEnv ? this.environment.secret(spec.apiKeyEnv) : 'none',
      apiKeyEnv: spec.apiKeyEnv,
      model: spec.model,
    };
  }

  /** Errors: MODEL_* as `modelFailure` says; an aborted call throws the signal's reason. */
  async complete(
    endpoint: Endpoint,
    { messages, sampling, seed, signal }: CompletionRequest,
  ): Promise<Completion> {
    try {
      const answer = await this.client(endpoint).chat.completions.create(
        {
          model: endpoint.model,
          messages,
          temperature: sampling.temperature,
          top_p: sampling.topP,
          max_tokens: sampling.maxTokens,
          seed,
        },
        { signal },
      );
      return readCompletion(answer, endpoint);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof OpenAI.APIError || !isApplicationFailure(error)) {
        throw modelFailure(error, endpoint);
      }
      throw error;
    }
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  private client({ baseUrl, apiKey }: Endpoint): OpenAI {
    const key = `${baseUrl}\n${apiKey}`;
    const known = this.clients.get(key);
    if (known) return known;
    const client = createChatClient({
      baseURL: baseUrl,
      apiKey,
      maxRetries: 0,
      timeout: CALL_TIMEOUT_MS,
      fetch: this.transport.fetch,
    });
    this.clients.set(key, client);
    return client;
  }
}

function readCompletion(answer: OpenAI.ChatCompletion, { model, baseUrl }: Endpoint): Completion {
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

const isApplicationFailure = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ApplicationFailure';
