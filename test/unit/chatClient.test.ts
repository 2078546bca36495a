import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { createChatClient } from '../../activities/models/chatClient';
import { createUndiciFetch } from '../../activities/models/undiciFetch';

const ANSWER = JSON.stringify({
  model: 'm',
  choices: [
    { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Ja, gern – ŝi ĝojas' } },
  ],
});

/** What a request says, apart from its connection. */
const saidBy = ({ method, url, headers }: IncomingMessage) => ({ method, url, headers });

let server: Server;
let answer: (response: ServerResponse) => void;
let requests: { said: ReturnType<typeof saidBy>; body: string }[];
let closes: (() => Promise<void>)[];

beforeEach(async () => {
  requests = [];
  closes = [];
  answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
  server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  await Promise.all(closes.map((close) => close()));
  await new Promise((resolve) => server.close(resolve));
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  requests.push({ said: saidBy(request), body: Buffer.concat(chunks).toString('utf8') });
  server.emit('asked');
  answer(response);
}

function settings(connections = 8) {
  const { fetch, close } = createUndiciFetch(connections);
  closes.push(close);
  const { port } = server.address() as AddressInfo;
  return { baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'key', maxRetries: 0, timeout: 5_000, fetch };
}

const ask = (client: OpenAI, content: string, signal?: AbortSignal) =>
  client.chat.completions.create(
    { model: 'm', messages: [{ role: 'user', content }] },
    signal ? { signal } : {},
  );

describe('a call to a model', () => {
  it('is sent as the openai client sends it, the first as the later ones, each with its own messages', async () => {
    const [stock, ours] = [new OpenAI(settings()), createChatClient(settings())];
    for (const client of [stock, ours]) for (const said of ['one', 'two']) await ask(client, said);
    expect(requests.slice(2)).toEqual(requests.slice(0, 2));
    expect(requests.map(({ body }) => JSON.parse(body).messages[0].content)).toEqual([
      'one',
      'two',
      'one',
      'two',
    ]);
  });

  it('gets the answer whole, however it is cut on the way', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (const byte of Buffer.from(ANSWER)) response.write(Buffer.from([byte]));
      response.end();
    };
    const { choices } = await ask(createChatClient(settings()), 'hello');
    expect(choices[0]?.message.content).toBe('Ja, gern – ŝi ĝojas');
  });

  it('fails when the answer breaks off', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length });
      response.write(ANSWER.slice(0, 20), () => response.destroy());
    };
    await expect(ask(createChatClient(settings()), 'hello')).rejects.toThrow();
  });

  it('says which status and headers a refusal has', async () => {
    answer = (response) =>
      response.writeHead(429, { 'retry-after': '7' }).end('{"error":{"message":"slow"}}');
    const refusal = await ask(createChatClient(settings()), 'hello').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(OpenAI.RateLimitError);
    expect((refusal as InstanceType<typeof OpenAI.APIError>).headers?.get('Retry-After')).toBe('7');
  });

  it('is given up when it is cancelled, and its connection is free for the next', async () => {
    const client = createChatClient(settings(1));
    const cancel = new AbortController();
    answer = () => undefined;
    const asked = once(server, 'asked');
    const first = ask(client, 'first', cancel.signal);
    const queued = ask(client, 'queued', cancel.signal);
    await asked;
    cancel.abort();
    await expect(first).rejects.toThrow(OpenAI.APIUserAbortError);
    await expect(queued).rejects.toThrow(OpenAI.APIUserAbortError);
    answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
    await ask(client, 'next');
    expect(requests.map(({ body }) => JSON.parse(body).messages[0].content)).toEqual(['first', 'next']);
  });
});
