import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ModelServer } from '../../activities/serving/modelServer';
import { trainerEngine } from '../../activities/serving/trainerEngine';
import { LanguageModels } from '../../activities/models/languageModels';
import { LineChild } from '../../activities/support/childProcess';
import { createEnvironment } from '../../activities/support/environment';
import { type TrainerRuntime, trainerEnvironment } from '../../activities/support/trainerProcess';
import { sha256 } from '../../artifacts/canonicalJson';
import { CHECKOUT } from '../../deploy/local/checkout';
import { requireTool } from '../../deploy/local/tools';
import type { ChatMessage } from '../../schemas/training';

export interface Request {
  messages: ChatMessage[];
  seed: number;
  max_tokens: number;
  temperature: number;
}

/** One pass over all requests. */
const Pass = z.object({
  seconds: z.number(),
  /** Of the engine and, where it is served, its server. */
  cpuSeconds: z.number(),
  tokens: z.number(),
  /** Of all answers. */
  digest: z.string(),
});
export type Pass = z.infer<typeof Pass>;

/** What answers all requests, again and again. */
export interface Answering {
  pass(): Promise<Pass>;
  stop(): Promise<unknown>;
}

export const benchTrainer = (scratch: string): TrainerRuntime => ({
  python: requireTool('trainerPython'),
  sources: join(CHECKOUT, 'trainer/src'),
  scratch,
  environment: trainerEnvironment(process.env),
});

/** Makes random weights: `base`, and the adapters `one` and `two` upon it. @returns the folder of a name */
export async function makePolicies(
  { python, sources, scratch }: TrainerRuntime,
  name: string,
  shape: object,
): Promise<(policy: 'base' | 'one') => string> {
  const folder = join(scratch, name);
  const script = join(CHECKOUT, 'test/serving/fixtures/make_policies.py');
  const env = { ...process.env, PYTHONPATH: sources, OMP_NUM_THREADS: '1' };
  await promisify(execFile)(python, [script, folder, JSON.stringify(shape)], { env });
  return (policy) => join(folder, policy);
}

const ADAPTER = 'adapter';

/** The product's way: our client, HTTP, chat template, sampling, an adapter loaded into the server of its base. */
export async function servedEngine(
  trainer: TrainerRuntime,
  folderOf: (policy: 'base' | 'one') => string,
  requests: readonly Request[],
  inFlight: number,
): Promise<Answering> {
  const engine = trainerEngine(trainer, undefined);
  const { child, ready } = await engine.start({ directory: folderOf('base'), digest: '' });
  const baseUrl = await ready;
  await new ModelServer(baseUrl).load(ADAPTER, folderOf('one'));
  const models = new LanguageModels(createEnvironment({}));
  const { signal } = new AbortController();
  const ask = async ({ messages, seed, max_tokens: maxTokens, temperature }: Request) => {
    const sampling = { temperature, topP: 1, maxTokens };
    const endpoint = { baseUrl, apiKey: 'none', model: ADAPTER };
    return models.complete(endpoint, { messages, seed, sampling, signal });
  };
  return {
    pass: async () => {
      const answers: Awaited<ReturnType<typeof ask>>[] = [];
      const waiting = [...requests.entries()].toReversed();
      const cpuBefore = await cpuSeconds(baseUrl);
      const started = performance.now();
      const asking = async () => {
        for (let next = waiting.pop(); next; next = waiting.pop()) answers[next[0]] = await ask(next[1]);
      };
      await Promise.all(Array.from({ length: inFlight }, asking));
      const seconds = (performance.now() - started) / 1000;
      return {
        seconds,
        cpuSeconds: (await cpuSeconds(baseUrl)) - cpuBefore,
        tokens: answers.reduce((sum, { usage }) => sum + usage.outputTokens, 0),
        digest: sha256(answers.map(({ text }) => text).join('\n')),
      };
    },
    stop: () => Promise.all([child.stop(), models.close()]),
  };
}

async function cpuSeconds(baseUrl: string): Promise<number> {
  const metrics = await (await fetch(baseUrl.replace(/v1$/, 'metrics'))).text();
  return Number(/^process_cpu_seconds_total (.*)$/m.exec(metrics)?.[1]);
}

/** The engine alone, in a Python that asks it directly. */
export async function bareEngine(
  { python, sources, scratch, environment }: TrainerRuntime,
  folderOf: (policy: 'base' | 'one') => string,
  requests: readonly Request[],
  inFlight: number,
): Promise<Answering> {
  const file = join(scratch, 'requests.json');
  await writeFile(file, JSON.stringify(requests));
  const script = join(CHECKOUT, 'bench/serving/bare.py');
  const child = new LineChild({
    command: python,
    args: [script, folderOf('one'), folderOf('base'), file, String(inFlight)],
    env: { ...environment, PYTHONPATH: sources },
    graceMs: 5_000,
  });
  const lines = child.lines();
  return {
    pass: async () => {
      child.say('pass');
      const { value } = await lines.next();
      if (value === undefined) throw new Error(`the bare engine ended: ${(await child.exited).stderrTail}`);
      return Pass.parse(JSON.parse(value));
    },
    stop: () => child.stop(),
  };
}
