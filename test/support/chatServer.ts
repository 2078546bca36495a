import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendJson } from './sendJson';
import type { ChatMessage } from '../../schemas/training';

/** What a caller asked. */
export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  seed: number;
}

/** An answer: text, or what goes wrong. */
export type ChatAnswer =
  | string
  | { refusal: string }
  /** Ends in its middle. */
  | { cut: string }
  | { status: number; code?: string; headers?: Record<string, string>; body?: string }
  /** Keeps the caller waiting until it hangs up. */
  | { never: true }
  /** The connection is closed without an answer. */
  | { reset: true };

/** An OpenAI-compatible server whose answers a test writes; it notes every request. */
export interface ChatServer {
  baseUrl: string;
  asked: ChatRequest[];
  /** Resolves when the next request has come in. */
  nextRequest(): Promise<void>;
  stop(): Promise<void>;
}

interface ChatServerOptions {
  /** What `GET /models` says of the policy; none: the server knows no digests. */
  digest?: () => string | undefined;
  /** Value of `system_fingerprint`. */
  fingerprint?: () => string;
}

export async function startChatServer(
  answer: (request: ChatRequest, number: number) => ChatAnswer | Promise<ChatAnswer>,
  { digest, fingerprint }: ChatServerOptions = {},
): Promise<ChatServer> {
  const asked: ChatRequest[] = [];
  const server = createServer((request, response) => void route(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/v1/models')
      return sendJson(response, 200, { data: [{ id: 'policy', ...(digest && { digest: digest() }) }] });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const question = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatRequest;
    asked.push(question);
    server.emit('asked');
    const given = await answer(question, asked.length - 1);
    if (typeof given === 'object' && 'never' in given) return;
    if (typeof given === 'object' && 'reset' in given) return void request.socket.resetAndDestroy();
    if (typeof given === 'object' && 'status' in given)
      return sendJson(
        response,
        given.status,
        { error: { message: given.body ?? 'as the test says', code: given.code } },
        given.headers,
      );
    const cut = typeof given === 'object' && 'cut' in given;
    const content = cut ? given.cut : given;
    const message = typeof content === 'string' ? { content } : { content: null, ...content };
    sendJson(response, 200, {
      model: `${question.model}-2026`,
      choices: [
        { index: 0, finish_reason: cut ? 'length' : 'stop', message: { role: 'assistant', ...message } },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 2 },
      ...(fingerprint && { system_fingerprint: fingerprint() }),
    });
  }

  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    nextRequest: async () => void (await once(server, 'asked')),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
