import OpenAI from 'openai';
import type { ProviderSettingsInput } from '../../simulator/provider/settings';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';

const MINUTE = 60_000;

let provider: Provider;
let clock: number;

async function start(settings: ProviderSettingsInput): Promise<void> {
  clock = 1_800_000_000_000;
  provider = await startProvider({ settings, answer: () => 'Yes.', now: () => clock });
}

const client = (apiKey = 'a') => new OpenAI({ baseURL: provider.baseUrl, apiKey, maxRetries: 0 });

const ask = (apiKey = 'a', content = 'Are you there?', more: object = {}) =>
  client(apiKey).chat.completions.create({ model: 'm', messages: [{ role: 'user', content }], ...more });

/** The error that a call ends with. */
const errorOf = (call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> =>
  call.then(
    () => Promise.reject(new Error('was answered')),
    (error: InstanceType<typeof OpenAI.APIError>) => error,
  );

afterEach(() => provider.stop());

describe('a limit of requests a minute', () => {
  beforeEach(() => start({ models: { m: { requestsPerMinute: 3 } } }));

  test('lets so many calls in, tells what is left, and turns the next away with the time to wait', async () => {
    const { response } = await ask().withResponse();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': '20s',
    });
    await ask();
    await ask();
    const error = await errorOf(ask());
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'requests' });
    expect(error.message).toContain('Limit 3, Used 3, Requested 1. Please try again in 20s.');
    expect(error.headers?.get('retry-after')).toBe('20');
    expect(error.headers?.get('retry-after-ms')).toBe('20000');
    expect(provider.counts()).toMatchObject({ served: 3, turnedAway: { rateLimited: 1 } });
  });

  test('fills again at its pace, for each key and model by itself', async () => {
    await Promise.all([ask(), ask(), ask()]);
    await ask('b');
    clock += MINUTE / 3;
    await ask();
    expect(await errorOf(ask())).toMatchObject({ status: 429 });
    expect(provider.counts().models['m']?.mostRequestsAMinute).toBe(5);
  });

  test.each([
    ['seconds', '20', null],
    ['milliseconds', null, '20000'],
    ['none', null, null],
  ])('says when to come back in %s', async (retryAfter, seconds, milliseconds) => {
    provider.change({ retryAfter });
    await Promise.all([ask(), ask(), ask()]);
    const { headers } = await errorOf(ask());
    expect(headers?.get('retry-after') ?? null).toBe(seconds);
    expect(headers?.get('retry-after-ms') ?? null).toBe(milliseconds);
  });
});

test('a limit of tokens counts the longer of the prompt and the answer that is allowed', async () => {
  await start({ models: { m: { tokensPerMinute: 1000 } } });
  const { response } = await ask('a', 'x'.repeat(400), { max_tokens: 300 }).withResponse();
  expect(response.headers.get('x-ratelimit-remaining-tokens')).toBe('700');
  const second = await ask('a', 'x'.repeat(2000), { max_tokens: 10 }).withResponse();
  expect(second.response.headers.get('x-ratelimit-remaining-tokens')).toBe('200');
  expect(await errorOf(ask('a', 'x', { max_tokens: 201 }))).toMatchObject({ status: 429, type: 'tokens' });
  const tooLarge = await errorOf(ask('a', 'x', { max_tokens: 1001 }));
  expect(tooLarge.message).toContain('Request too large');
  expect(tooLarge.headers?.get('retry-after') ?? null).toBeNull();
});

describe('a quota', () => {
  test('of calls is used up for one key, and can be topped up while calls come', async () => {
    await start({ models: { m: {} }, quota: { calls: 2 } });
    await Promise.all([ask(), ask()]);
    expect(await errorOf(ask())).toMatchObject({
      status: 429,
      code: 'insufficient_quota',
      type: 'insufficient_quota',
    });
    await ask('b');
    provider.change({ quota: { calls: 3 } });
    await ask();
    expect(provider.counts()).toMatchObject({ served: 4, turnedAway: { quota: 1, rateLimited: 0 } });
  });

  test('of dollars is reached by what answers cost', async () => {
    // 10 tokens in, 1 out, at ten and ten dollars a million: 110 millionths a call.
    await start({ models: { m: { price: { input: 10, output: 10 } } }, quota: { dollars: 0.000_111 } });
    await ask();
    await ask();
    expect(await errorOf(ask())).toMatchObject({ code: 'insufficient_quota' });
    expect(provider.books.entries).toMatchObject([{ requests: 2, cost: 220_000 }]);
  });
});

test('a key that is not known is refused', async () => {
  await start({ models: { m: {} }, keys: ['a'] });
  await ask('a');
  expect(await errorOf(ask('b'))).toMatchObject({ status: 401, code: 'invalid_api_key' });
});
