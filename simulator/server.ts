import { timingSafeEqual, createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './apiError';
import { chatCompletion, readChatRequest } from './chatCompletion';
import { poorDialogues } from './corpus';
import { MODEL_NAMES, modelNamed } from './models';

/** Longest request body in bytes. */
const MOST_BODY_BYTES = 4 * 1024 * 1024;
const MOST_EPISODES = 1_000_000;
const LABEL = { 'x-simulated': 'true' };

export interface SimulatorOptions {
  /** Key that every call but /health must bring as `Authorization: Bearer`; none asks for none. */
  readonly apiKey?: string | undefined;
  /** Milliseconds since 1970; for the `created` field only, never for content. Default: the machine's clock. */
  readonly now?: () => number;
}

/** The HTTP server of the simulated models, not yet listening. */
export function createSimulator({ apiKey, now = Date.now }: SimulatorOptions = {}): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    route(request, response, apiKey, now).catch((error: unknown) => sendError(response, error));
  });
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  apiKey: string | undefined,
  now: () => number,
): Promise<void> {
  const url = addressOf(request);
  const endpoint = `${request.method} ${url.pathname}`;
  if (endpoint === 'GET /health') return send(response, 200, { status: 'ok', simulated: true });
  checkKey(request, apiKey);
  if (endpoint === 'POST /v1/chat/completions') return complete(request, response, now);
  if (endpoint === 'GET /v1/models')
    return send(response, 200, { object: 'list', data: MODEL_NAMES.map(modelEntry) });
  if (endpoint.startsWith('GET /v1/models/')) {
    return sendModel(response, url.pathname.slice('/v1/models/'.length));
  }
  if (endpoint === 'GET /v1/corpora/poor-dialogues') return sendCorpus(response, url.searchParams);
  throw new ApiError(404, 'unknown_url', `Unknown request URL: ${endpoint}.`);
}

/** The path and query of a request; models' names may come percent-encoded. */
function addressOf(request: IncomingMessage): { pathname: string; searchParams: URLSearchParams } {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  try {
    return { pathname: decodeURIComponent(path), searchParams: new URLSearchParams(query) };
  } catch {
    throw new ApiError(400, 'invalid_url', `The request URL cannot be decoded: ${path}.`);
  }
}

function checkKey(request: IncomingMessage, apiKey: string | undefined): void {
  if (apiKey === undefined) return;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const given = digest(request.headers.authorization ?? '');
  if (timingSafeEqual(given, digest(`Bearer ${apiKey}`))) return;
  throw new ApiError(
    401,
    'invalid_api_key',
    'Incorrect API key provided: expected Authorization: Bearer <key>.',
  );
}

async function complete(
  request: IncomingMessage,
  response: ServerResponse,
  now: () => number,
): Promise<void> {
  const body = await readBody(request);
  const { request: chat, model } = readChatRequest(body);
  const { latencyMs, status } = model.faults;
  if (latencyMs > 0) await delay(latencyMs);
  if (status !== undefined) throw new ApiError(status, 'simulated_failure', `Simulated failure ${status}.`);
  send(response, 200, chatCompletion(chat, model, body, Math.floor(now() / 1000)));
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MOST_BODY_BYTES) chunks.push(chunk);
    });
    request.on('error', reject);
    request.on('end', () => {
      if (bytes <= MOST_BODY_BYTES) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(new ApiError(413, 'request_too_large', `The body has more than ${MOST_BODY_BYTES} bytes.`));
    });
  });
}

const modelEntry = (id: string) => ({
  id,
  object: 'model',
  created: 0,
  owned_by: 'pi-loop simulator: a program, not a language model',
});

function sendModel(response: ServerResponse, id: string): void {
  if (!modelNamed(id))
    throw new ApiError(404, 'model_not_found', `The model '${id}' does not exist.`, 'model');
  send(response, 200, modelEntry(id));
}

function sendCorpus(response: ServerResponse, query: URLSearchParams): void {
  const episodes = wholeNumber(query, 'episodes', MOST_EPISODES);
  const seed = wholeNumber(query, 'seed', Number.MAX_SAFE_INTEGER);
  response.writeHead(200, { ...LABEL, 'content-type': 'application/x-ndjson' });
  // Who hangs up in the middle stops the generator too; there is nobody left to tell.
  pipeline(Readable.from(corpusLines(episodes, seed)), response, () => undefined);
}

/** Some hundred rows a chunk: a write a row costs more than making it. */
function* corpusLines(episodes: number, seed: number): Generator<string> {
  let lines: string[] = [];
  for (const row of poorDialogues(episodes, seed)) {
    if (lines.push(`${JSON.stringify(row)}\n`) < 256) continue;
    yield lines.join('');
    lines = [];
  }
  if (lines.length > 0) yield lines.join('');
}

function wholeNumber(query: URLSearchParams, name: string, most: number): number {
  const value = query.get(name) ?? '';
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= most) return number;
  throw new ApiError(
    400,
    'invalid_request',
    `${name}: expected a whole number up to ${most}, found '${value}'.`,
    name,
  );
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...LABEL,
    'content-type': 'application/json',
    'content-length': bytes.length,
  });
  response.end(bytes);
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof ApiError ? error : new ApiError(500, 'internal_error', String(error));
  send(response, known.status, known.body());
}
