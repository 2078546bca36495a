import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { sendJson } from './sendJson';
import type { ChatRequest } from './chatServer';

/** What was asked of a provider, when (`performance.now()`), and with which key. */
export interface ProviderCall extends ChatRequest {
  at: number;
  key: string;
  /** The request's body: two calls are the same question when these are equal. */
  question: string;
}

/** A text, a refusal, or an error as providers give them. */
export type ProviderAnswer =
  | string
  | { refusal: string }
  | { status: number; code?: string; message?: string; headers?: Record<string, string> };

export type Answering = (call: ProviderCall) => ProviderAnswer;

/**
 * An OpenAI-compatible provider in the test's own process, which outlives every part of the product. A test may change
 * its answers and its latency at any time; it keeps count of every call.
 */
export class Provider {
  readonly calls: ProviderCall[] = [];
  latencyMs = 0;
  private readonly server = createServer((request, response) => void this.respond(request, response));

  private constructor(public answer: Answering) {}

  static async start(answer: Answering): Promise<Provider> {
    const provider = new Provider(answer);
    provider.server.keepAliveTimeout = 0;
    provider.server.listen(0, '127.0.0.1');
    await once(provider.server, 'listening');
    return provider;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** Calls that ask what another call has asked before. */
  get repeated(): ProviderCall[] {
    const asked = new Set<string>();
    return this.calls.filter(({ question }) => asked.has(question) || !asked.add(question));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const question = Buffer.concat(chunks).toString('utf8');
    const asked = JSON.parse(question) as ChatRequest;
    const key = (request.headers.authorization ?? '').replace('Bearer ', '');
    const call = { ...asked, question, key, at: performance.now() };
    this.calls.push(call);
    const answer = this.answer(call);
    if (this.latencyMs > 0) await delay(this.latencyMs);
    if (typeof answer === 'string')
      return sendJson(response, 200, completion(asked.model, { content: answer }));
    if ('refusal' in answer)
      return sendJson(response, 200, completion(asked.model, { content: null, ...answer }));
    const { status, headers, code = null, message = 'as the test says' } = answer;
    sendJson(response, status, { error: { message, code, type: code } }, headers);
  }
}

const completion = (model: string, said: { content: string | null; refusal?: string }) => ({
  model,
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', ...said } }],
  usage: { prompt_tokens: 10, completion_tokens: 2 },
});
