import OpenAI from 'openai';
import type { Asked } from '../../simulator/provider/answers';
import { ModelSettings, type ProviderSettingsInput } from '../../simulator/provider/settings';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';

const LONG = 'one two three four five six seven eight nine ten';

let provider: Provider;
let client: OpenAI;

type Model = NonNullable<ProviderSettingsInput['models']>[string];

async function start(model: Model, answer: (asked: Asked) => string = () => LONG): Promise<void> {
  provider = await startProvider({ settings: { models: { m: model } }, answer });
  client = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'a', maxRetries: 0 });
}

const ask = (more: object = {}, content = 'Are you there?') =>
  client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }], ...more });

afterEach(() => provider.stop());

describe('an answer that is not what was hoped for', () => {
  test('is cut where its tokens end', async () => {
    await start({});
    const { choices, usage } = await ask({ max_tokens: 3 });
    expect(choices).toMatchObject([{ finish_reason: 'length', message: { content: LONG.slice(0, 12) } }]);
    expect(usage?.completion_tokens).toBe(3);
  });

  test.each([
    ['truncated', { finish_reason: 'length', message: { content: LONG.slice(0, 24) } }],
    ['refused', { finish_reason: 'stop', message: { content: null, refusal: expect.any(String) } }],
    ['filteredAnswer', { finish_reason: 'content_filter', message: { content: null } }],
  ])('is %s', async (fault, choice) => {
    await start({ faults: { [fault]: 1 } });
    expect((await ask()).choices).toMatchObject([choice]);
  });

  test.each([
    ['filteredPrompt', { status: 400, code: 'content_filter' }],
    ['serverError', { status: 500 }],
    ['overloaded', { status: 503 }],
  ])('is none but an error: %s', async (fault, error) => {
    await start({ faults: { [fault]: 1 } });
    await expect(ask()).rejects.toMatchObject(error);
    expect(provider.counts().served).toBe(0);
  });

  test('a share of questions is refused, each of them always; a server that failed may answer next time', async () => {
    await start({ faults: { refused: 0.3 } });
    const refusals = async () =>
      (await Promise.all(Array.from({ length: 40 }, (_, seed) => ask({ seed })))).map(
        ({ choices }) => choices[0]?.message.refusal !== null,
      );
    const before = await refusals();
    expect(before).toContain(true);
    expect(before).toContain(false);
    expect(await refusals()).toEqual(before);

    provider.change({ models: { m: { faults: { refused: 0, serverError: 0.5 } } } });
    const outcomes = new Set<boolean>();
    for (let time = 0; time < 20; time += 1)
      outcomes.add(
        await ask().then(
          () => true,
          () => false,
        ),
      );
    expect(outcomes.size).toBe(2);
  });
});

test('a slow answer comes in pieces, its head before its body', async () => {
  await start({ trickleMs: 100 });
  const began = performance.now();
  const { body } = await fetch(`${provider.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer a' },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }),
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece as Uint8Array);
  expect(pieces.length).toBeGreaterThan(1);
  expect(performance.now() - began).toBeGreaterThan(80);
  expect(JSON.parse(Buffer.concat(pieces).toString('utf8'))).toMatchObject({ model: 'm-2026-11' });
});

test('another snapshot answers from a given call on, or on command, under a fingerprint of its own', async () => {
  await start(
    {
      snapshots: [
        { fromCall: 0, name: 'm-may' },
        { fromCall: 2, name: 'm-june' },
      ],
    },
    ({ snapshot }) => `I am ${snapshot}.`,
  );
  const seen = [await ask(), await ask(), await ask()];
  provider.changeSnapshot('m', 'm-july');
  seen.push(await ask());
  expect(seen.map(({ model }) => model)).toEqual(['m-may', 'm-may', 'm-june', 'm-july']);
  expect(seen[3]?.choices[0]?.message.content).toBe('I am m-july.');
  expect(new Set(seen.map(({ system_fingerprint }) => system_fingerprint)).size).toBe(3);
});

describe('tokens by kind', () => {
  const stable = 'word '.repeat(1000);
  const cached = async (content: string, more: object = {}) =>
    (await ask(more, content)).usage?.prompt_tokens_details?.cached_tokens;

  test('a prompt of 1024 tokens and more is read from the cache in steps of 128, once it was there', async () => {
    await start({});
    expect(await cached(stable)).toBe(0);
    expect(await cached(`${stable} and something new`)).toBe(1152);
    expect(await cached(`x${stable}`)).toBe(0);
    expect(await cached(stable, { prompt_cache_key: 'elsewhere' })).toBe(0);
    expect(await cached('short')).toBe(0);
    expect(await cached('short')).toBe(0);
  });

  test('a model that reasons pays for it, takes no temperature, and may think until nothing is left to say', async () => {
    await start({ reasoningTokens: 50 });
    const { usage } = await ask();
    expect(usage).toMatchObject({
      completion_tokens: 50 + 12,
      completion_tokens_details: { reasoning_tokens: 50 },
    });
    await expect(ask({ temperature: 0 })).rejects.toMatchObject({
      code: 'unsupported_value',
      param: 'temperature',
    });
    await expect(ask({ max_tokens: 9 })).rejects.toMatchObject({
      code: 'unsupported_parameter',
      param: 'max_tokens',
    });
    expect((await ask({ max_completion_tokens: 40 })).choices).toMatchObject([
      { finish_reason: 'length', message: { content: '' } },
    ]);
  });
});

describe('what a model offers', () => {
  const schema = {
    type: 'object',
    properties: { goal: { type: 'integer', minimum: 0 }, why: { type: 'string' } },
    required: ['goal', 'why'],
    additionalProperties: false,
  };
  const form = (strict: boolean, given: object = schema) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'judgement', strict, schema: given } },
  });
  const content = async (more: object) => (await ask(more)).choices[0]?.message.content ?? '';

  test('an answer keeps to the schema, whatever the model would have said', async () => {
    await start({}, ({ seed }) => (seed === 1 ? '{"goal":3,"why":"said so"}' : 'Well, three I think.'));
    expect(await content({ ...form(true), seed: 1 })).toBe('{"goal":3,"why":"said so"}');
    expect(JSON.parse(await content({ ...form(true), seed: 2 }))).toEqual({ goal: 0, why: '' });
    expect(await content({ seed: 2 })).toBe('Well, three I think.');
  });

  test('a strict schema must close its objects and require every key', async () => {
    await start({});
    await expect(ask(form(true, { ...schema, required: ['goal'] }))).rejects.toMatchObject({
      status: 400,
      code: 'invalid_json_schema',
    });
    await ask(form(false, { ...schema, required: ['goal'] }));
  });

  test('log-probabilities come for each word', async () => {
    await start({});
    const { choices } = await ask({ logprobs: true });
    expect(choices[0]?.logprobs?.content).toHaveLength(10);
  });

  test.each([
    ['seed', { seed: 1 }, 'seed'],
    ['logprobs', { logprobs: true }, 'logprobs'],
    ['jsonSchema', form(true), 'response_format'],
  ])('%s, switched off, is refused', async (capability, more, param) => {
    await start({ capabilities: { [capability]: false } });
    await expect(ask(more)).rejects.toMatchObject({ status: 400, param });
    await ask();
  });

  test('usage and fingerprint, switched off, are left out', async () => {
    await start({ capabilities: { usage: false, fingerprint: false } });
    expect(Object.keys(await ask())).not.toEqual(expect.arrayContaining(['usage']));
    expect(Object.keys(await ask())).not.toEqual(expect.arrayContaining(['system_fingerprint']));
  });
});

test('a prompt that does not fit, an unknown argument and an unknown model are refused as OpenAI does', async () => {
  await start({ contextTokens: 100 });
  await expect(ask({}, 'x'.repeat(500))).rejects.toMatchObject({
    status: 400,
    code: 'context_length_exceeded',
  });
  await expect(ask({ tempreature: 1 })).rejects.toMatchObject({ status: 400, param: 'tempreature' });
  await expect(ask({ model: 'gpt-2' })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['m']);
});

test('settings that mean nothing are refused, and leave the provider as it was', async () => {
  await start({});
  expect(() => provider.change({ models: { m: { latencyMs: -1 } } })).toThrow();
  await ask();
  expect(ModelSettings.parse({}).latencyMs).toBe(0);
});

test('Azure’s addresses name the deployment and the version, and take the key in a header of their own', async () => {
  await start({});
  const azure = new OpenAI({
    baseURL: `${provider.baseUrl.replace('/v1', '')}/openai/deployments/m`,
    apiKey: 'none',
    defaultHeaders: { 'api-key': 'a', authorization: null },
    defaultQuery: { 'api-version': '2024-10-21' },
    maxRetries: 0,
  });
  const question = { model: 'ignored', messages: [{ role: 'user' as const, content: 'x' }] };
  expect((await azure.chat.completions.create(question)).model).toBe('m-2026-11');
  await expect(
    azure.chat.completions.create(question, { query: { 'api-version': null } }),
  ).rejects.toMatchObject({ status: 404 });
});
