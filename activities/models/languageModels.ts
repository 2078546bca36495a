import OpenAI from 'openai';
import type { ModelSpec } from '../../schemas/model';
import { createChatClient } from './chatClient';
import {
  type ChatQuestion,
  chatRequest,
  type Completion,
  readCompletion,
  readFiltered,
} from './chatCompletion';
import type { Environment } from '../support/environment';
import { clientOptions, type Endpoint, resolveEndpoint } from './endpoint';
import { modelFailure } from './modelFailures';
import { announcedLimits } from './rateLimits/announcedLimits';
import { createUndiciFetch } from './undiciFetch';

/** Sockets to one endpoint, far above what stages ask at once: what limits calls is the campaign's `episodesInFlight`. */
const CONNECTIONS = 1024;

/** An answer that takes longer is given up. Queues last minutes; the slowest models write ten tokens a second. */
const ANSWER_BEGINS_WITHIN_MS = 120_000;
const MS_PER_TOKEN = 100;

type CompletionRequest = ChatQuestion & { signal: AbortSignal };

/** Calls models behind OpenAI-compatible endpoints. Retries belong to Temporal, so the client makes none. */
export class LanguageModels {
  private readonly clients = new Map<string, OpenAI>();
  private readonly transport = createUndiciFetch(CONNECTIONS);

  constructor(private readonly environment: Environment) {}

  endpointOf(spec: ModelSpec): Endpoint {
    return resolveEndpoint(spec, this.environment);
  }

  /** A prompt that a filter stops counts as refused. Errors: MODEL_* as `modelFailure` says; an aborted call throws the signal's reason. */
  async complete(endpoint: Endpoint, { signal, ...question }: CompletionRequest): Promise<Completion> {
    try {
      const { data, response } = await this.client(endpoint, question.sampling.maxTokens)
        .chat.completions.create(chatRequest(endpoint, question), { signal })
        .withResponse();
      return { ...readCompletion(data, endpoint), announced: announcedLimits(response.headers) };
    } catch (error) {
      signal.throwIfAborted();
      const filtered = readFiltered(error);
      if (filtered) return filtered;
      if (error instanceof OpenAI.APIError || !isApplicationFailure(error)) {
        throw modelFailure(error, endpoint);
      }
      throw error;
    }
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  private client(endpoint: Endpoint, maxTokens: number): OpenAI {
    const timeout = ANSWER_BEGINS_WITHIN_MS + maxTokens * MS_PER_TOKEN;
    const options = { ...clientOptions(endpoint), timeout };
    const key = JSON.stringify(options);
    const known = this.clients.get(key);
    if (known) return known;
    const { fetch } = this.transport;
    const client = createChatClient({ ...options, fetch });
    this.clients.set(key, client);
    return client;
  }
}

const isApplicationFailure = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ApplicationFailure';
