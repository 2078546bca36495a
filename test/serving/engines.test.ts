import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchDirectory } from '../../artifacts/directories';
import { CHECKOUT } from '../../deploy/local/checkout';
import type { ArtifactRef } from '../../schemas/artifact';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { commandsBelow, descendantsOf, untilGone } from '../support/processes';
import {
  ask,
  end,
  failureOf,
  type ServingWorker,
  servingWorker,
  textsOf,
  vllmVariables,
  writeVllm,
} from '../support/servingWorkers';
import { realTrainer, type TinyPolicies, tinyPolicies } from '../support/tinyPolicies';

// Policies with real weights on engines of both kinds: our own server, and one with the manners of vLLM before it.

let objects: ObjectStore;
let policies: TinyPolicies;
let vllm: string;
beforeAll(async () => {
  objects = await startObjectStore();
  policies = await tinyPolicies(objects);
  vllm = await writeVllm(objects.scratch);
});
afterEach(() => Promise.all(workers.splice(0).map((one) => one.stop())));
afterAll(() => objects.stop());

const workers: ServingWorker[] = [];

type Backend = 'trainer' | 'vllm';

const environment = (backend: Backend) => ({ PI_LOOP_SERVE_BACKEND: backend, PI_LOOP_VLLM_COMMAND: vllm });

function worker(backend: Backend, fault?: string): ServingWorker {
  const started = servingWorker(objects, environment(backend), fault);
  workers.push(started);
  return started;
}

const folderOf = ({ digest }: ArtifactRef) => join(objects.scratch, 'policies', digest.sha256);

const engines = () =>
  commandsBelow(process.pid)
    .filter(({ command }) => command.includes('pi_trainer serve'))
    .map(({ pid }) => pid);

describe.each<Backend>(['trainer', 'vllm'])('with %s', (backend) => {
  test('a base and two adapters are served at once by one engine, which stays for the next and gives way to training', async () => {
    const { serve, stopIdle } = worker(backend);
    const attempts = [serve(policies.base), serve(policies.one), serve(policies.two)] as const;
    const endpoints = await Promise.all(attempts.map(({ endpoint }) => endpoint()));
    const [engine] = engines();
    expect(engines()).toEqual([engine]);
    const texts = await Promise.all(endpoints.map(textsOf));
    expect(new Set(texts.map((text) => text.join('|'))).size).toBe(3);
    for (const attempt of attempts) await end(attempt);
    expect(engines()).toEqual([engine]);

    const again = serve(policies.one);
    const endpoint = await again.endpoint();
    expect(engines()).toEqual([engine]);
    expect(await textsOf(endpoint)).toEqual(texts[1]);
    expect(await ask(endpoint, 1)).toMatchObject({ model: policies.one.digest.sha256 });
    await end(again);
    await expect(ask(endpoint, 1)).rejects.toThrow('no model');
    await stopIdle();
    expect(engines()).toEqual([]);
  });

  test.each([
    ['that serves', 'SIGKILL'],
    ['that keeps one warm', 'SIGKILL'],
    ['that keeps one warm', null],
  ] as const)('no engine outlives its worker %s, ended by %s', async (does, signal) => {
    const cache = join(objects.scratch, 'policies');
    const base = await fetchDirectory(objects.store, policies.base, cache);
    const adapter = await fetchDirectory(objects.store, policies.two, cache);
    const { python, sources } = realTrainer(objects.scratch);
    const script = join(CHECKOUT, 'test/serving/fixtures/worker.cjs');
    const dist = join(CHECKOUT, 'dist');
    const child = spawn(
      process.execPath,
      [script, backend, dist, base, adapter, objects.scratch, python, sources],
      {
        env: { ...process.env, ...environment(backend), ...vllmVariables(objects.scratch) },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    if (does === 'that keeps one warm') {
      child.stdin.write('release\n');
      await once(lines, 'line');
    }
    const processes = descendantsOf(child.pid ?? 0);
    expect(processes.length).toBeGreaterThan(0);
    const exited = once(child, 'exit');
    if (signal) child.kill(signal);
    else child.stdin.end();
    // An engine that is only kept warm keeps no worker.
    expect(await exited).toEqual(signal ? [null, signal] : [0, null]);
    await untilGone(processes);
  });
});

describe('what is served under a name it does not bear is refused', () => {
  test('when its folder on this machine was changed, and it is fetched anew', async () => {
    const { serve } = worker('trainer');
    const first = serve(policies.one);
    await first.endpoint();
    await end(first);
    const config = join(folderOf(policies.one), 'adapter_config.json');
    await writeFile(config, (await readFile(config, 'utf8')).replace('"lora_alpha": 4', '"lora_alpha": 8'));
    expect(await failureOf(serve(policies.one))).toMatchObject({ type: 'POLICY_DIGEST_MISMATCH' });
    expect(await serve(policies.one).endpoint()).toMatchObject({ model: policies.one.digest.sha256 });
  });

  test('when an engine answers otherwise than when the policy was first served', async () => {
    const honest = worker('vllm');
    await honest.serve(policies.one).endpoint();
    await honest.stop();
    const { serve } = worker('vllm', `swapped ${folderOf(policies.two)}`);
    expect(await failureOf(serve(policies.one))).toMatchObject({
      type: 'POLICY_DIGEST_MISMATCH',
      message: expect.stringContaining('answers otherwise than when it was first served') as string,
    });
  });

  test('when an engine does not apply the adapter at all', async () => {
    const { serve } = worker('vllm', 'ignored');
    expect(await failureOf(serve(policies.two))).toMatchObject({
      type: 'POLICY_DIGEST_MISMATCH',
      message: expect.stringContaining('exactly as its base') as string,
    });
  });
});
