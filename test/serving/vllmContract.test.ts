import { join } from 'node:path';
import type { LineChild } from '../../activities/support/childProcess';
import { trainerEngine } from '../../activities/serving/trainerEngine';
import { fetchDirectory } from '../../artifacts/directories';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { realTrainer, tinyPolicies } from '../support/tinyPolicies';

// What we use of vLLM's server (docs.vllm.ai/en/latest/features/lora and …/serving/openai_compatible_server), held by our
// own. Against a real one: PI_LOOP_TEST_VLLM_URL (…/v1), PI_LOOP_TEST_VLLM_ADAPTER (a folder of an adapter, as it sees it).

let objects: ObjectStore;
let child: LineChild | undefined;
let url = process.env['PI_LOOP_TEST_VLLM_URL'] ?? '';
let adapter = process.env['PI_LOOP_TEST_VLLM_ADAPTER'] ?? '';
beforeAll(async () => {
  if (url !== '') return;
  objects = await startObjectStore();
  const { base, one } = await tinyPolicies(objects);
  const cache = join(objects.scratch, 'policies');
  const directory = await fetchDirectory(objects.store, base, cache);
  adapter = await fetchDirectory(objects.store, one, cache);
  const trainer = realTrainer(objects.scratch);
  const started = await trainerEngine(trainer, undefined).start({ directory, digest: base.digest.sha256 });
  ({ child } = started);
  url = await started.ready;
});
afterAll(async () => {
  await child?.stop();
  await objects?.stop();
});

interface Card {
  id: string;
  root: string | null;
  parent: string | null;
  max_model_len?: number;
}

const post = (route: string, body: object) =>
  fetch(`${url}${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const models = async () => ((await (await fetch(`${url}/models`)).json()) as { data: Card[] }).data;
const load = (lora_name: string, lora_path: string) => post('/load_lora_adapter', { lora_name, lora_path });
const unload = (lora_name: string) => post('/unload_lora_adapter', { lora_name });
const chat = (model: string, more: object = {}) =>
  post('/chat/completions', {
    model,
    messages: [{ role: 'user', content: 'a deal ?' }],
    max_tokens: 8,
    temperature: 1,
    top_p: 1,
    seed: 3,
    ...more,
  });

const NAME = 'd'.repeat(64);
const errorOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { message: string } };
  return [response.status, typeof error.message];
};

test('a server that is ready says so, lists its base first, and tells how many tokens fit', async () => {
  expect((await fetch(url.replace(/v1$/, 'health'))).status).toBe(200);
  const [base] = await models();
  expect(base).toMatchObject({ id: expect.any(String) as string, parent: null });
  expect(base?.root).toMatch(/^\//);
  expect(base?.max_model_len).toBeGreaterThan(0);
});

test('an adapter is loaded under a name from a folder, listed with root and parent, asked by that name, and unloaded', async () => {
  const [base] = await models();
  const loaded = await load(NAME, adapter);
  expect([loaded.status, await loaded.text()]).toEqual([200, expect.stringContaining('Success')]);
  expect((await models()).find(({ id }) => id === NAME)).toMatchObject({ root: adapter, parent: base?.id });
  const answer = (await (await chat(NAME)).json()) as { model: string };
  expect(answer.model).toBe(NAME);
  expect((await unload(NAME)).status).toBe(200);
  expect((await models()).map(({ id }) => id)).not.toContain(NAME);
  expect(await errorOf(await chat(NAME))).toEqual([404, 'string']);
});

test('a name that is taken, a folder that is not there and an adapter that is not loaded are refused', async () => {
  expect((await load(NAME, adapter)).status).toBe(200);
  expect(await errorOf(await load(NAME, adapter))).toEqual([400, 'string']);
  expect((await unload(NAME)).status).toBe(200);
  expect(await errorOf(await load(NAME, '/nowhere'))).toEqual([404, 'string']);
  expect(await errorOf(await unload(NAME))).toEqual([404, 'string']);
  expect(await errorOf(await load('', adapter))).toEqual([400, 'string']);
});

test('a prompt that does not fit is refused as such, and nothing is cut off', async () => {
  const [base] = await models();
  const content = 'deal '.repeat((base?.max_model_len ?? 0) + 1);
  expect(await errorOf(await chat(base?.id ?? '', { messages: [{ role: 'user', content }] }))).toEqual([
    400,
    'string',
  ]);
});

test('a seed repeats an answer, and the twenty likeliest first tokens are told', async () => {
  const [base] = await models();
  const textOf = async (response: Response) =>
    ((await response.json()) as { choices: [{ message: { content: string } }] }).choices[0].message.content;
  const ask = () => chat(base?.id ?? '').then(textOf);
  expect(await ask()).toBe(await ask());
  const first = await chat(base?.id ?? '', {
    temperature: 0,
    max_tokens: 1,
    logprobs: true,
    top_logprobs: 20,
  });
  const { choices } = (await first.json()) as {
    choices: [{ logprobs: { content: [{ top_logprobs: { token: string; logprob: number }[] }] } }];
  };
  const top = choices[0].logprobs.content[0].top_logprobs;
  expect(top).toHaveLength(20);
  expect(top.every(({ logprob }) => logprob <= 0)).toBe(true);
});
