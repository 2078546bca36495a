import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../apiError';
import { REFUSAL } from '../faults';
import type { Answer, AnswerFunction } from './answers';
import type { Books } from './books';
import { answerLimit, checkOffered, type ProviderRequest, readRequest } from './chatRequest';
import { completionOf } from './completion';
import type { Counts } from './counts';
import { FaultDraws, type FaultyAnswer } from './faults';
import { PromptCache } from './promptCache';
import { RateLimits } from './rateLimits';
import type { ModelSettings, ProviderSettings } from './settings';
import { conform } from './structuredOutput';
import { firstTokens, promptTokens, tokensOf } from './tokens';

export interface ChatDependencies {
  settings: () => ProviderSettings;
  answer: AnswerFunction;
  books: Books;
  counts: Counts;
  now: () => number;
}

/** A completion, the headers that go with it, and how slowly its body comes. */
export interface Completed {
  headers: Record<string, string>;
  body: object;
  trickleMs: number;
}

/** Answers chat completions: `POST /v1/chat/completions`, and one by one those of a batch. */
export class Chat {
  private readonly limits: RateLimits;
  private readonly faults: FaultDraws;
  private readonly cache = new PromptCache();
  private readonly calls = new Map<string, number>();

  constructor(private readonly parts: ChatDependencies) {
    this.limits = new RateLimits(parts.settings, parts.now);
    this.faults = new FaultDraws(parts.settings);
  }

  /**
   * Answers a call made directly.
   * @param deployment the model, where the address names it
   * Errors: ApiError 400, 404, 429, 5xx.
   */
  async complete(body: string, key: string, deployment?: string): Promise<Completed> {
    const { books, counts } = this.parts;
    const request = readRequest(body, deployment);
    const model = this.modelOf(request);
    books.checkQuota(key);
    const tokens = tokensForLimit(request);
    const headers = this.limits.admit(key, request.model, tokens);
    counts.admitted(request.model, tokens);
    checkOffered(request, model);
    await delay(model.latencyMs);
    return { headers, body: await this.answer(request, key, false), trickleMs: model.trickleMs };
  }

  /** Answers a line of a batch: no limits a minute, half the price. Errors: ApiError 400, 404, 429 for the quota. */
  async completeInBatch(body: string, key: string): Promise<object> {
    const request = readRequest(body);
    const model = this.modelOf(request);
    this.parts.books.checkQuota(key);
    checkOffered(request, model);
    return this.answer(request, key, true);
  }

  /** What the model of that name answers as now. */
  snapshotOf(model: string): string {
    const { snapshots = [] } = this.parts.settings().models[model] ?? {};
    const call = this.calls.get(model) ?? 0;
    return snapshots.findLast(({ fromCall }) => fromCall <= call)?.name ?? `${model}-2026-11`;
  }

  /** Lets another snapshot answer from the model's next call on. */
  snapshotChange(model: string, name: string): object {
    const { snapshots = [] } = this.parts.settings().models[model] ?? {};
    const fromCall = this.calls.get(model) ?? 0;
    return { models: { [model]: { snapshots: [...snapshots, { fromCall, name }] } } };
  }

  private modelOf({ model }: ProviderRequest): ModelSettings {
    const settings = this.parts.settings().models[model];
    if (settings) return settings;
    const message = `The model \`${model}\` does not exist or you do not have access to it.`;
    throw new ApiError(404, 'model_not_found', message, 'model');
  }

  private async answer(request: ProviderRequest, key: string, batch: boolean): Promise<object> {
    const { books, counts, now } = this.parts;
    const fault = this.faults.draw(request);
    const { model, messages, seed = null, temperature = null } = request;
    const snapshot = this.snapshotOf(model);
    const number = this.calls.get(model) ?? 0;
    this.calls.set(model, number + 1);
    const asked = { model, snapshot, messages, seed, temperature, number, key };
    const said = faulty(await this.parts.answer(asked), fault);
    const settings = this.modelOf(request);
    const { content, finish, reasoning } = cut(inForm(said, request), fault, request, settings);
    const refusal = typeof said === 'string' ? null : said.refusal;
    const usage = {
      input: promptTokens(messages),
      cached: this.cache.read(request),
      output: reasoning + tokensOf(content ?? refusal ?? ''),
      reasoning,
    };
    // Paid once it is said, whoever has hung up meanwhile.
    books.book({ key, model, usage, batch });
    counts.answered(model);
    const id = createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 24);
    const created = Math.floor(now() / 1000);
    return completionOf({ id, created, snapshot, content, refusal, finish, usage, request, settings });
  }
}

/** OpenAI counts the longer of the answer that is allowed and the prompt's characters (guide "Rate limits"). */
function tokensForLimit(request: ProviderRequest): number {
  const prompt = request.messages.reduce((sum, { content }) => sum + tokensOf(content), 0);
  return Math.max(answerLimit(request) ?? 0, prompt);
}

const faulty = (answer: Answer, fault: FaultyAnswer | null): Answer =>
  fault === 'refused' ? { refusal: REFUSAL } : answer;

/** What is said, in the form that was asked for; null: nothing, it is refused. */
function inForm(said: Answer, { response_format }: ProviderRequest): string | null {
  if (typeof said !== 'string') return null;
  if (response_format?.type !== 'json_schema') return said;
  return conform(said, response_format.json_schema.schema);
}

interface Cut {
  content: string | null;
  finish: 'stop' | 'length' | 'content_filter';
  reasoning: number;
}

/** An answer ends where its tokens end; a model that reasons may have used them up before it says a word. */
function cut(
  content: string | null,
  fault: FaultyAnswer | null,
  request: ProviderRequest,
  { reasoningTokens }: ModelSettings,
): Cut {
  const limit = answerLimit(request) ?? Number.POSITIVE_INFINITY;
  const reasoning = Math.min(reasoningTokens, limit);
  if (fault === 'filteredAnswer') return { content: null, finish: 'content_filter', reasoning };
  if (content === null) return { content, finish: 'stop', reasoning };
  const tokens = tokensOf(content);
  const room = fault === 'truncated' ? Math.floor(tokens / 2) : limit - reasoning;
  if (tokens <= room) return { content, finish: 'stop', reasoning };
  return { content: firstTokens(content, room), finish: 'length', reasoning };
}
