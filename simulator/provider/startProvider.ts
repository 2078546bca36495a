import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError } from '../apiError';
import { type AnswerFunction, simulatedAnswer } from './answers';
import { Batches } from './batches';
import { Books } from './books';
import { Chat } from './chat';
import { Counts, type ProviderCounts } from './counts';
import { Files } from './files';
import { type Call, readCall, type Reply, replyTo, type Route, send } from './http';
import { adminRoutes, apiRoutes } from './routes';
import { changed, ProviderSettings, type ProviderSettingsInput } from './settings';

export interface ProviderOptions {
  settings?: ProviderSettingsInput;
  /** What the models say; default: the simulator's programs. */
  answer?: AnswerFunction;
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  /** Milliseconds since 1970; default: the machine's clock. */
  now?: () => number;
}

/** A change of settings: only what is to be another. */
export type SettingsChange = { [Key in keyof ProviderSettingsInput]?: unknown };

export interface Provider {
  /** Ends in /v1. */
  baseUrl: string;
  counts(): ProviderCounts;
  /** What was really served and what it costs, as the reports have it. */
  books: Books;
  /** Merges into the settings; the next call meets it. Errors: ZodError. */
  change(change: SettingsChange): void;
  /** Lets another snapshot answer from the model's next call on. */
  changeSnapshot(model: string, name: string): void;
  stop(): Promise<void>;
}

const BACKLOG = 1024;

/** A provider of models that behaves as OpenAI's API does; what it answers depends on its settings and the calls alone. */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  const { answer = simulatedAnswer, host = '127.0.0.1', port = 0, now = Date.now } = options;
  let settings = ProviderSettings.parse(options.settings ?? {});
  const read = () => settings;
  const change = (asked: unknown) => void (settings = changed(settings, asked));
  const books = new Books(read, now);
  const counts = new Counts(now);
  const chat = new Chat({ settings: read, answer, books, counts, now });
  const files = new Files(now);
  const batches = new Batches({ chat, files, settings: read, now });
  const parts = { chat, files, batches, books, counts, settings: read, change };
  const keyed = apiRoutes(parts);
  const open = adminRoutes(parts);

  async function answerCall(call: Call): Promise<Reply> {
    const admin = replyOf(open, call);
    if (admin) return admin;
    checkKey(call.key, settings.keys);
    const reply = replyOf(keyed, call);
    if (reply) return reply;
    throw new ApiError(404, 'unknown_url', `Unknown request URL: ${call.method} ${call.path}.`);
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request);
    const answering = () => answerCall(call).catch((error: unknown) => failed(error));
    if (call.method === 'GET' || call.path.startsWith('/admin/')) return send(response, await answering());
    await counts.whileInFlight(async () => send(response, await answering()));
  }

  function failed(error: unknown): Reply {
    const reply = replyTo(error);
    counts.turned(whyTurned(reply));
    return reply;
  }

  // Clients keep idle connections as long as they like; a closed one would cost a call its connection.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  server.listen({ port, host, backlog: BACKLOG });
  await once(server, 'listening');
  return {
    baseUrl: `http://${host}:${(server.address() as AddressInfo).port}/v1`,
    counts: () => counts.read(),
    books,
    change,
    changeSnapshot: (model, name) => change(chat.snapshotChange(model, name)),
    stop: async () => {
      batches.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function replyOf(routes: readonly Route[], call: Call): Reply | Promise<Reply> | undefined {
  for (const { method, path, answer } of routes) {
    const groups = method === call.method ? path.exec(call.path) : null;
    if (groups) return answer(call, { ...groups.groups });
  }
  return undefined;
}

function checkKey(key: string, known: readonly string[] | null): void {
  if (known === null || known.includes(key)) return;
  const message = key === '' ? "You didn't provide an API key." : 'Incorrect API key provided.';
  throw new ApiError(401, 'invalid_api_key', message);
}

function whyTurned({ status = 200, body }: Reply): Parameters<Counts['turned']>[0] {
  if (status >= 500) return 'failed';
  if (status !== 429) return 'refused';
  const { error } = body as { error: { code: string } };
  return error.code === 'insufficient_quota' ? 'quota' : 'rateLimited';
}
