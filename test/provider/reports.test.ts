import OpenAI from 'openai';
import { keyIdOf } from '../../simulator/provider/books';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';

const START = 1_800_000_000;

let provider: Provider;
let clock: number;

beforeEach(async () => {
  clock = START * 1000;
  provider = await startProvider({
    settings: {
      models: { cheap: { price: { input: 1, output: 2 } }, dear: { price: { input: 10, output: 30 } } },
    },
    answer: () => 'word',
    now: () => clock,
  });
});
afterEach(() => provider.stop());

const ask = (model: string, apiKey: string) =>
  new OpenAI({ baseURL: provider.baseUrl, apiKey, maxRetries: 0 }).chat.completions.create({
    model,
    messages: [{ role: 'user', content: '0123456789abcdef' }],
  });

async function report(path: string): Promise<unknown> {
  const answer = await fetch(`${provider.baseUrl}/organization/${path}`, {
    headers: { authorization: 'Bearer admin' },
  });
  return answer.json();
}

test('the usage report counts what was served by model, key and time', async () => {
  await ask('cheap', 'a');
  await ask('cheap', 'b');
  await ask('dear', 'a');
  clock += 3_600_000;
  await ask('dear', 'a');
  const byModel = await report(`usage/completions?start_time=${START}&bucket_width=1h&group_by=model`);
  expect(byModel).toMatchObject({
    object: 'page',
    data: [
      {
        start_time: START,
        results: [
          { model: 'cheap', num_model_requests: 2, input_tokens: 20, output_tokens: 2, api_key_id: null },
          { model: 'dear', num_model_requests: 1, input_tokens: 10, output_tokens: 1 },
        ],
      },
      { start_time: START + 3600, results: [{ model: 'dear', num_model_requests: 1 }] },
    ],
    has_more: false,
  });
  expect(await report(`usage/completions?start_time=${START}&group_by[]=api_key_id`)).toMatchObject({
    data: [
      {
        results: [
          { api_key_id: keyIdOf('a'), num_model_requests: 3, model: null },
          { api_key_id: keyIdOf('b'), num_model_requests: 1 },
        ],
      },
    ],
  });
  expect(JSON.stringify(byModel)).not.toContain('"a"');
});

test('the costs are the tokens times the prices, to the last millionth', async () => {
  await ask('cheap', 'a');
  await ask('dear', 'a');
  expect(await report(`costs?start_time=${START}&group_by=line_item`)).toMatchObject({
    data: [
      {
        results: [
          { line_item: 'cheap', amount: { value: 0.000_012, currency: 'usd' } },
          { line_item: 'dear', amount: { value: 0.000_13 } },
        ],
      },
    ],
  });
});

test('an answer is paid for though its caller hung up', async () => {
  provider.change({ models: { cheap: { latencyMs: 50 } } });
  const hangUp = new AbortController();
  const client = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'a', maxRetries: 0 });
  const call = client.chat.completions.create(
    { model: 'cheap', messages: [{ role: 'user', content: 'x' }] },
    { signal: hangUp.signal },
  );
  const ended = expect(call).rejects.toThrow();
  while (provider.counts().inFlight === 0) await new Promise(setImmediate);
  hangUp.abort();
  await ended;
  while (provider.counts().inFlight > 0) await new Promise(setImmediate);
  expect(provider.books.entries).toMatchObject([{ requests: 1 }]);
});
