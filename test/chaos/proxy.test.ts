import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FaultProxy, startHttpProxy, startTcpProxy } from '../../chaos/faultProxy';
import { MEDIA_TYPES } from '../../schemas/names';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';

const TEXT = 'what the server says';

let server: Server;
let upstream: number;
let heard: string[];
const opened: FaultProxy[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    request.resume().once('end', () => response.end(TEXT));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  upstream = (server.address() as AddressInfo).port;
});

beforeEach(() => {
  heard = [];
});

afterEach(async () => {
  for (const proxy of opened.splice(0)) await proxy.close();
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function proxied(options: Partial<Parameters<typeof startHttpProxy>[0]> = {}): Promise<FaultProxy> {
  const proxy = await startHttpProxy({ upstream, ...options });
  opened.push(proxy);
  return proxy;
}

const ask = (proxy: { port: number }, path = '/', init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${proxy.port}${path}`, init);

const textOf = async (asked: Promise<Response>): Promise<string> => (await asked).text();

test('without a fault everything passes as it is, and each exchange is told', async () => {
  const exchanges: string[] = [];
  const proxy = await proxied({
    observe: ({ method, path, status }) => exchanges.push(`${method} ${path} ${status}`),
  });
  expect(await textOf(ask(proxy, '/a?b=c', { method: 'POST', body: 'question' }))).toBe(TEXT);
  expect(heard).toEqual(['POST /a?b=c']);
  expect(exchanges).toEqual(['POST /a?b=c 200']);
});

test('a cut link resets what is open and what is new, until it is mended', async () => {
  const proxy = await proxied();
  const unanswered = ask(proxy, '/first');
  const mendStall = proxy.inject({ kind: 'stall' });
  const mend = proxy.inject({ kind: 'cut' });
  await expect(unanswered.then((response) => response.text())).rejects.toThrow();
  await expect(ask(proxy)).rejects.toThrow('fetch failed');
  mend();
  mendStall();
  expect(await textOf(ask(proxy))).toBe(TEXT);
  expect(proxy.injected.cut).toBeGreaterThanOrEqual(1);
});

test('a stalled link accepts and says nothing; afterwards what was asked is answered', async () => {
  const proxy = await proxied();
  const mend = proxy.inject({ kind: 'stall' });
  let answered = false;
  const asked = textOf(ask(proxy)).finally(() => {
    answered = true;
  });
  await until('the request is held', () => proxy.injected.stall > 0);
  expect([answered, heard]).toEqual([false, []]);
  mend();
  expect(await asked).toBe(TEXT);
});

test('latency is added once to each answer, however many are under way', async () => {
  const proxy = await proxied();
  proxy.inject({ kind: 'latency', milliseconds: 150 });
  const begun = performance.now();
  await Promise.all(Array.from({ length: 20 }, () => textOf(ask(proxy))));
  const took = performance.now() - begun;
  expect(took).toBeGreaterThanOrEqual(150);
  expect(took).toBeLessThan(1500);
});

test('a status is answered in place of the server, with its header, to the chosen requests, so many times', async () => {
  const proxy = await proxied();
  const chosen = { method: 'POST', path: /completions/, times: 2 };
  proxy.inject({ kind: 'status', status: 429, headers: { 'retry-after': '3' }, body: 'slower', ...chosen });
  const post = () => ask(proxy, '/v1/completions', { method: 'POST', body: '{}' });
  expect((await ask(proxy, '/v1/completions')).status).toBe(200);
  expect((await ask(proxy, '/else', { method: 'POST' })).status).toBe(200);
  const refused = await post();
  expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([
    429,
    '3',
    'slower',
  ]);
  expect([(await post()).status, (await post()).status]).toEqual([429, 200]);
  expect(proxy.injected.status).toBe(2);
  expect(heard).toHaveLength(3);
});

test('a removed fault strikes no more', async () => {
  const proxy = await proxied();
  const remove = proxy.inject({ kind: 'status', status: 500 });
  expect((await ask(proxy)).status).toBe(500);
  remove();
  expect((await ask(proxy)).status).toBe(200);
});

test('half an answer ends in a broken connection', async () => {
  const proxy = await proxied();
  proxy.inject({ kind: 'half', bytes: 4, times: 1 });
  const response = await ask(proxy);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow('terminated');
  expect(await textOf(ask(proxy))).toBe(TEXT);
});

test('a reset before the server hears of it, and one after it has answered', async () => {
  const proxy = await proxied();
  proxy.inject({ kind: 'reset', answered: false, times: 1 });
  await expect(ask(proxy, '/unheard')).rejects.toThrow('fetch failed');
  expect(heard).toEqual([]);
  proxy.inject({ kind: 'reset', answered: true, times: 1 });
  await expect(ask(proxy, '/heard')).rejects.toThrow('fetch failed');
  expect(heard).toEqual(['GET /heard']);
});

test('the same seed strikes the same requests', async () => {
  const struck = async (seed: number) => {
    const proxy = await proxied({ seed });
    proxy.inject({ kind: 'status', status: 503, probability: 0.5 });
    const statuses: number[] = [];
    for (let number = 0; number < 24; number += 1) statuses.push((await ask(proxy)).status);
    return statuses;
  };
  const [first, again, other] = [await struck(1), await struck(1), await struck(2)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(new Set(first)).toEqual(new Set([200, 503]));
});

test('a server that is away resets the connection', async () => {
  const nobody = await proxied({ upstream: 1 });
  await expect(ask(nobody)).rejects.toThrow('fetch failed');
});

test('plain TCP passes what HTTP is made of', async () => {
  const proxy = await startTcpProxy({ upstream });
  expect(await textOf(ask(proxy))).toBe(TEXT);
  const mend = proxy.inject({ kind: 'cut' });
  await expect(ask(proxy)).rejects.toThrow('fetch failed');
  mend();
  expect(await textOf(ask(proxy))).toBe(TEXT);
  await proxy.close();
});

describe('before an S3 store', () => {
  let objects: ObjectStore;
  beforeAll(async () => {
    objects = await startObjectStore();
  });
  afterAll(() => objects.stop());

  const through = async () => {
    const proxy = await proxied({ upstream: Number(new URL(objects.endpoint).port) });
    return { proxy, store: objects.open({ endpoint: `http://127.0.0.1:${proxy.port}` }) };
  };

  test('signatures hold, and large blobs arrive', async () => {
    const { store } = await through();
    const bytes = Buffer.alloc(3_000_000, 'a blob of three megabytes ');
    const { digest } = await store.putBytes(bytes, 'large', MEDIA_TYPES.binary);
    expect((await store.getBytes(digest.sha256)).equals(bytes)).toBe(true);
  });

  test('a corrupted answer is noticed, and the next one is read', async () => {
    const { proxy, store } = await through();
    const { digest } = await store.putText('content', 'text', MEDIA_TYPES.json);
    proxy.inject({ kind: 'corrupt', method: 'GET', path: /blobs/, times: 1 });
    await expect(store.getBytes(digest.sha256)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    expect(String(await store.getBytes(digest.sha256))).toBe('content');
  });

  test('a lost acknowledgement is recognised: what was written is there, once', async () => {
    const { proxy, store } = await through();
    proxy.inject({ kind: 'reset', answered: true, method: 'PUT', times: 1 });
    const { digest } = await store.putText('written once', 'text', MEDIA_TYPES.json);
    expect(proxy.injected.reset).toBe(1);
    expect(String(await store.getBytes(digest.sha256))).toBe('written once');
  });
});
