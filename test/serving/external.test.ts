import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelServer } from '../../activities/serving/modelServer';
import { fetchDirectory } from '../../artifacts/directories';
import { freePort, type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';
import { end, failureOf, servingWorker, textsOf, vllmVariables, writeVllm } from '../support/servingWorkers';
import { type TinyPolicies, tinyPolicies } from '../support/tinyPolicies';

// An endpoint that somebody else runs: a server with the manners of vLLM, over real weights.

let objects: ObjectStore;
let policies: TinyPolicies;
let vllm: string;
/** Where workers have the base. */
let folder: string;
const endpoints: ChildProcess[] = [];
beforeAll(async () => {
  objects = await startObjectStore();
  policies = await tinyPolicies(objects);
  vllm = await writeVllm(objects.scratch);
  folder = await fetchDirectory(objects.store, policies.base, join(objects.scratch, 'policies'));
});
afterAll(async () => {
  const exits = endpoints.map((endpoint) => once(endpoint, 'exit'));
  for (const endpoint of endpoints) endpoint.kill('SIGTERM');
  await Promise.all(exits);
  await objects.stop();
});

/** Starts one upon a folder. @returns its address */
async function run(base: string): Promise<string> {
  const port = String(await freePort());
  const endpoint = spawn(vllm, ['serve', base, '--served-model-name', 'somebodys-base', '--port', port], {
    env: { ...process.env, ...vllmVariables(objects.scratch) },
    stdio: 'inherit',
  });
  endpoints.push(endpoint);
  const address = `http://127.0.0.1:${port}`;
  const isHealthy = () =>
    fetch(`${address}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('the endpoint answers', isHealthy);
  return `${address}/v1`;
}

const workerAt = (url: string) =>
  servingWorker(objects, { PI_LOOP_SERVE_BACKEND: 'external', PI_LOOP_SERVE_URL: url });

test('adapters are loaded where it has read our folder of their base; what is not proven is refused', async () => {
  const copy = join(objects.scratch, 'copy');
  await cp(folder, copy, { recursive: true });
  const [ours, foreign] = await Promise.all([run(folder), run(copy)]);

  // Nobody has seen the policy behave yet.
  expect(await failureOf(workerAt(foreign).serve(policies.one))).toMatchObject({
    type: 'POLICY_UNSERVABLE',
    message: expect.stringContaining(`has read ${copy}, not ${folder}`) as string,
  });
  const listed = async (url: string) => (await new ModelServer(url).models()).map(({ id }) => id);
  expect(await listed(foreign)).toEqual(['somebodys-base']);
  expect(await failureOf(workerAt(ours).serve(policies.base))).toMatchObject({
    type: 'POLICY_UNSERVABLE',
    message: expect.stringContaining(`--served-model-name ${policies.base.digest.sha256}`) as string,
  });

  const served = workerAt(ours).serve(policies.one);
  const texts = await textsOf(await served.endpoint());
  await end(served);
  expect(await listed(ours)).toEqual(['somebodys-base']);

  // Now it is known how the policy answers.
  const elsewhere = workerAt(foreign).serve(policies.one);
  expect(await textsOf(await elsewhere.endpoint())).toEqual(texts);

  // As one that was started anew, and knows the adapter no more.
  await new ModelServer(foreign).unload(policies.one.digest.sha256);
  expect(await failureOf(elsewhere)).toMatchObject({ type: 'POLICY_SERVER_FAILED' });
});
