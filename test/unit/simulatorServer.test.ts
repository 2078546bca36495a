import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { createSimulator } from '../../simulator/server';

const HAGGLE: OpenAI.Chat.ChatCompletionMessageParam[] = [
  { role: 'system', content: 'haggle over the bike sell limit=40 hope=60' },
  { role: 'assistant', content: 'how about 70 dollars ?' },
  { role: 'user', content: 'i can do 55 dollars .' },
];
const AS_JSON: OpenAI.Chat.ChatCompletionMessageParam[] = [
  {
    role: 'user',
    content:
      'Imagine you are Ava.\nScenario: haggle over the bike\n' +
      "Ava's goal: sell limit=40 hope=60\nBen's goal: Unknown\nConversation Starts:\nYou are at Turn #0.",
  },
];

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

describe('through the openai package', () => {
  const server = createSimulator({ now: () => 1_700_000_000_000 });
  let url: string;
  let client: OpenAI;
  beforeAll(async () => {
    url = await listening(server);
    client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
  });
  afterAll(() => closed(server));

  const ask = (model: string, extra: object = {}, messages = HAGGLE) =>
    client.chat.completions.create({ model, messages, seed: 1, temperature: 1, ...extra });

  test('a completion has the API’s shape, names its snapshot and counts words as tokens', async () => {
    const completion = await ask('simulated-expert');
    const content = completion.choices[0]?.message.content ?? '';
    const words = content.split(' ').length;
    expect(completion).toMatchObject({
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'simulated-expert-2026-11',
      system_fingerprint: expect.stringContaining('simulator'),
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', refusal: null } }],
      usage: { prompt_tokens: 18, completion_tokens: words, total_tokens: 18 + words },
    });
    expect(words).toBeGreaterThan(2);
  });

  test('the same request gets the same answer; another seed, temperature or model may get another', async () => {
    expect(await ask('simulated-expert')).toEqual(await ask('simulated-expert'));
    const answers = new Set<string | null | undefined>();
    for (let seed = 0; seed < 30; seed++) {
      answers.add((await ask('simulated-expert', { seed })).choices[0]?.message.content);
    }
    expect(answers.size).toBeGreaterThan(5);
  });

  test('the list of models says that they are simulated', async () => {
    const models = await client.models.list();
    const names = models.data.map(({ id }) => id);
    for (const role of ['expert', 'partner', 'poor', 'judge', 'author'])
      expect(names).toContain(`simulated-${role}`);
    expect(names).toContain('simulated-judge+prose');
    expect(models.data.every(({ owned_by }) => owned_by.includes('simulator'))).toBe(true);
    for (const id of names) expect((await client.models.retrieve(id)).id).toBe(id);
  });

  test.each(['gpt-4', 'simulated-expert+unknown', 'simulated-expert+malformed:200', ''])(
    'the model "%s" does not exist',
    async (model) => {
      const status = model === '' ? 400 : 404;
      await expect(ask(model)).rejects.toMatchObject({ status });
      if (model !== '')
        await expect(ask(model)).rejects.toMatchObject({ code: 'model_not_found', param: 'model' });
    },
  );

  test.each([
    ['no messages', { messages: [] }, 'messages'],
    ['an unknown role', { messages: [{ role: 'king', content: 'x' }] }, 'messages.0.role'],
    ['a temperature out of range', { temperature: 3 }, 'temperature'],
    ['streaming, which it cannot', { stream: true }, 'stream'],
    ['several choices', { n: 2 }, 'n'],
  ])('%s: 400 that names the parameter', async (_name, extra, param) => {
    const body = JSON.stringify({ model: 'simulated-expert', messages: HAGGLE, ...extra });
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } });
  });

  test('a body that is no JSON, an address that is none: 400; another address: 404', async () => {
    const broken = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: '{' });
    expect([broken.status, await broken.json()]).toMatchObject([400, { error: { code: 'invalid_json' } }]);
    const undecodable = await fetch(`${url}/v1/models/%E0%A4%A`);
    expect([undecodable.status, await undecodable.json()]).toMatchObject([
      400,
      { error: { code: 'invalid_url' } },
    ]);
    const elsewhere = await fetch(`${url}/v1/embeddings`, { method: 'POST', body: '{}' });
    expect([elsewhere.status, await elsewhere.json()]).toMatchObject([
      404,
      { error: { code: 'unknown_url' } },
    ]);
  });

  test('an answer longer than max_tokens is cut and says so', async () => {
    const completion = await ask('simulated-expert', { max_tokens: 2 });
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'length' });
    expect(completion.usage?.completion_tokens).toBe(2);
  });

  test('every answer is labelled as simulated', async () => {
    const response = await fetch(`${url}/health`);
    expect(response.headers.get('x-simulated')).toBe('true');
    expect(await response.json()).toEqual({ status: 'ok', simulated: true });
  });

  describe('faults, asked for by the model’s name', () => {
    test('prose, nothing, refusal', async () => {
      expect((await ask('simulated-expert+prose', {}, AS_JSON)).choices[0]?.message.content).not.toContain(
        '{',
      );
      expect((await ask('simulated-expert+empty')).choices[0]?.message.content).toBe('');
      const { message } = (await ask('simulated-judge+refusal')).choices[0] ?? {};
      expect(message).toMatchObject({ content: null, refusal: expect.stringContaining('sorry') });
    });

    test('about the asked share of answers is malformed, always the same ones', async () => {
      const broken = async (seed: number) => {
        const { choices } = await ask('simulated-expert+malformed:20', { seed }, AS_JSON);
        try {
          JSON.parse(choices[0]?.message.content ?? '');
          return false;
        } catch {
          return true;
        }
      };
      const seeds = Array.from({ length: 200 }, (_, seed) => seed);
      const first = await Promise.all(seeds.map(broken));
      expect(first.filter(Boolean).length).toBeGreaterThan(20);
      expect(first.filter(Boolean).length).toBeLessThan(60);
      expect(await Promise.all(seeds.map(broken))).toEqual(first);
    });

    test('latency and failing statuses', async () => {
      const start = performance.now();
      await ask('simulated-expert+latency:120');
      expect(performance.now() - start).toBeGreaterThan(110);
      await expect(ask('simulated-expert+status:503')).rejects.toMatchObject({ status: 503 });
    });

    test('an undamaged answer is that of the model without the fault', async () => {
      const [plain, rarely] = await Promise.all([
        ask('simulated-expert'),
        ask('simulated-expert+malformed:0'),
      ]);
      expect(rarely.choices).toEqual(plain.choices);
    });
  });

  describe('GET /v1/corpora/poor-dialogues', () => {
    test('streams NDJSON rows, the same bytes each time', async () => {
      const get = async () => (await fetch(`${url}/v1/corpora/poor-dialogues?episodes=300&seed=1`)).text();
      const text = await get();
      const rows = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string; messages: unknown[] });
      expect(rows).toHaveLength(600);
      expect(Object.keys(rows[0] ?? {})).toEqual(['id', 'messages']);
      expect(await get()).toBe(text);
    });

    test('without the number of episodes: 400', async () => {
      const response = await fetch(`${url}/v1/corpora/poor-dialogues?seed=1`);
      expect([response.status, await response.json()]).toMatchObject([400, { error: { param: 'episodes' } }]);
    });
  });
});

describe('with a key', () => {
  const server = createSimulator({ apiKey: 'sesame' });
  let url: string;
  beforeAll(async () => {
    url = await listening(server);
  });
  afterAll(() => closed(server));

  test('who does not bring it gets 401, who does gets an answer; health needs none', async () => {
    const list = (apiKey: string) =>
      new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }).models.list();
    await expect(list('wrong')).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect((await list('sesame')).data.length).toBeGreaterThan(4);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});
