import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../apiError';

/** A request whose body is read. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** The API key that came with it; empty: none. */
  readonly key: string;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** Bytes as they are, or what is sent as JSON. */
  body: object | Buffer;
  /** How long the body takes from its first byte to its last. */
  trickleMs?: number;
}

/** One endpoint: `path` matches the whole path, its groups are given to `answer`. */
export interface Route {
  readonly method: string;
  readonly path: RegExp;
  answer(call: Call, groups: Record<string, string>): Reply | Promise<Reply>;
}

const LABEL = { 'x-simulated': 'true' };
const PIECES = 10;

export async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'http://provider');
  const { authorization = '', 'api-key': azure } = request.headers;
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks),
    key: typeof azure === 'string' ? azure : authorization.replace(/^Bearer /, ''),
  };
}

export function replyTo(error: unknown): Reply {
  const known = error instanceof ApiError ? error : new ApiError(500, 'server_error', String(error));
  return { status: known.status, headers: { ...known.headers }, body: known.body() };
}

export async function send(response: ServerResponse, reply: Reply): Promise<void> {
  const { status = 200, headers = {}, body, trickleMs = 0 } = reply;
  const raw = Buffer.isBuffer(body);
  const bytes = raw ? body : Buffer.from(JSON.stringify(body));
  const type = { 'content-type': raw ? 'application/octet-stream' : 'application/json' };
  response.writeHead(status, { ...LABEL, ...type, ...headers, 'content-length': bytes.length });
  if (trickleMs > 0) {
    const size = Math.ceil(bytes.length / PIECES);
    for (let sent = 0; sent + size < bytes.length && !response.destroyed; sent += size) {
      response.write(bytes.subarray(sent, sent + size));
      await delay(trickleMs / PIECES);
    }
    response.end(bytes.subarray(size * (Math.ceil(bytes.length / size) - 1)));
  } else response.end(bytes);
}
