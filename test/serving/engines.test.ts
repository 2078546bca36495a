import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { createServingActivities } from '../../activities/serving';
import { ServedPolicies } from '../../activities/support/servedPolicies';
import { CHECKOUT } from '../../deploy/local/checkout';
import type { ArtifactRef } from '../../schemas/artifact';
import { readConfig } from '../../workers/config';
import { servingBackend } from '../../workers/servingBackend';
import { type RunningAttempt, startAttempt } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { commandsBelow } from '../support/processes';
import { realTrainer, type TinyPolicies, tinyPolicies } from '../support/tinyPolicies';

// Policies with real weights on engines of both kinds: our own server, and one with the manners of vLLM before it.

jest.setTimeout(120_000);

let objects: ObjectStore;
let policies: TinyPolicies;
let vllm: string;
beforeAll(async () => {
  objects = await startObjectStore();
  policies = await tinyPolicies(objects);
  vllm = join(objects.scratch, 'vllm');
  const script = join(CHECKOUT, 'test/serving/fixtures/vllm.cjs');
  await writeFile(vllm, `#!/bin/sh\nexec ${process.execPath} ${script} "$@"\n`);
  await chmod(vllm, 0o755);
});
afterEach(() => Promise.all(workers.splice(0).map((one) => one.stop())));
afterAll(() => objects.stop());

const workers: { stop(): Promise<void> }[] = [];

type Backend = 'trainer' | 'vllm';

/** A worker of gpu-serve. @param fault what the engine does wrong */
function worker(backend: Backend, { fault = '', idleSeconds = '300' } = {}) {
  const trainer = realTrainer(objects.scratch);
  const config = readConfig({
    PI_LOOP_SERVE_BACKEND: backend,
    PI_LOOP_VLLM_COMMAND: vllm,
    PI_LOOP_SERVE_IDLE_SECONDS: idleSeconds,
  });
  const { backend: serving, stopIdle } = servingBackend(config, objects.store, trainer, {
    ...process.env,
    VLLM_TEST_PYTHON: trainer.python,
    VLLM_TEST_SOURCES: trainer.sources,
    VLLM_TEST_FAULT: fault,
  });
  // Each time as on another machine, which remembers no proof.
  const activities = () =>
    createServingActivities({
      store: objects.store,
      policies: new ServedPolicies(objects.store),
      trainer,
      backend: serving,
    });
  const running = new Set<RunningAttempt<void>>();
  const started = {
    /** Begins to serve a policy; `endpoint` is there once it answers. */
    serve: (policy: ArtifactRef) => {
      const attempt = startAttempt(activities().servePolicy, [{ policy }]);
      running.add(attempt);
      const endpoint = async () => {
        await Promise.race([startAttempt(activities().awaitPolicy, [{ policy }]).result, attempt.result]);
        return new ServedPolicies(objects.store).endpointOf(policy.digest.sha256);
      };
      return { ...attempt, endpoint };
    },
    /** As training does before it starts. */
    stopIdle,
    stop: async () => {
      for (const attempt of running) attempt.cancel();
      await Promise.all([...running].map(({ result }) => result.catch(() => undefined)));
      await stopIdle();
    },
  };
  workers.push(started);
  return started;
}

const engines = () =>
  commandsBelow(process.pid)
    .filter(({ command }) => command.includes('pi_trainer serve'))
    .map(({ pid }) => pid);

async function end(attempt: RunningAttempt<void>): Promise<void> {
  attempt.cancel();
  await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
}

interface Answer {
  model: string;
  choices: [{ message: { content: string } }];
}

type Endpoint = Awaited<ReturnType<ServedPolicies['endpointOf']>>;

async function ask({ baseUrl, model }: Endpoint, seed: number): Promise<Answer> {
  const messages = [{ role: 'user', content: 'a deal ?' }];
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, messages, seed, max_tokens: 12 }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as Answer;
}

const textsOf = (endpoint: Endpoint) =>
  Promise.all([1, 2, 3, 4].map(async (seed) => (await ask(endpoint, seed)).choices[0].message.content));

describe.each<Backend>(['trainer', 'vllm'])('with %s', (backend) => {
  test('a base and two adapters are served at once by one engine, each as itself, and the engine stays for the next', async () => {
    const { serve, stopIdle } = worker(backend);
    const attempts = [policies.base, policies.one, policies.two].map(serve);
    const endpoints = await Promise.all(attempts.map(({ endpoint }) => endpoint()));
    const [engine] = engines();
    expect(engines()).toEqual([engine]);
    const texts = await Promise.all(endpoints.map(textsOf));
    expect(new Set(texts.map((text) => text.join('|'))).size).toBe(3);
    const { model } = await ask(endpoints[1] as Endpoint, 1);
    expect(model).toBe(policies.one.digest.sha256);
    for (const attempt of attempts) await end(attempt);
    expect(engines()).toEqual([engine]);
    const again = serve(policies.one);
    const found = await again.endpoint();
    expect(engines()).toEqual([engine]);
    expect(await textsOf(found)).toEqual(texts[1]);
    await end(again);
    await stopIdle();
    expect(engines()).toEqual([]);
  });
});

/** Ends the attempt and gives what it failed with, if it did before. */
const failureOf = ({ result }: RunningAttempt<void>) =>
  result.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('what is served under a name it does not bear is refused', () => {
  const folderOf = ({ digest }: ArtifactRef) => join(objects.scratch, 'policies', digest.sha256);

  test('by an engine that says what it has read: the folder on this machine was changed', async () => {
    const { serve } = worker('trainer');
    const first = serve(policies.one);
    await first.endpoint();
    await end(first);
    const config = join(folderOf(policies.one), 'adapter_config.json');
    await writeFile(config, (await readFile(config, 'utf8')).replace('"lora_alpha": 4', '"lora_alpha": 8'));
    expect(await failureOf(serve(policies.one))).toMatchObject({ type: 'POLICY_DIGEST_MISMATCH' });
    const mended = serve(policies.one);
    expect(await mended.endpoint()).toMatchObject({ model: policies.one.digest.sha256 });
  });

  test('by one that does not, when it answers otherwise than when the policy was first served', async () => {
    const honest = worker('vllm');
    const first = honest.serve(policies.one);
    await first.endpoint();
    await honest.stop();
    const { serve } = worker('vllm', { fault: `swapped ${folderOf(policies.two)}` });
    expect(await failureOf(serve(policies.one))).toMatchObject({
      type: 'POLICY_DIGEST_MISMATCH',
      message: expect.stringContaining('answers otherwise than when it was first served') as string,
    });
  });

  test('by one that does not apply the adapter at all', async () => {
    const { serve } = worker('vllm', { fault: 'ignored' });
    expect(await failureOf(serve(policies.two))).toMatchObject({
      type: 'POLICY_DIGEST_MISMATCH',
      message: expect.stringContaining('exactly as its base') as string,
    });
  });
});
