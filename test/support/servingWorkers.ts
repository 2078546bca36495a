import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { createServingActivities } from '../../activities/serving';
import { ServedPolicies } from '../../activities/support/servedPolicies';
import { CHECKOUT } from '../../deploy/local/checkout';
import type { ArtifactRef } from '../../schemas/artifact';
import { readConfig } from '../../workers/config';
import { externalEndpoint, servingBackend } from '../../workers/servingBackend';
import { type RunningAttempt, startAttempt } from './activities';
import type { ObjectStore } from './objectStore';
import { realTrainer } from './tinyPolicies';

type Endpoint = Awaited<ReturnType<ServedPolicies['endpointOf']>>;

/** Writes a `vllm` command: our own engine with vLLM's manners (test/serving/fixtures/vllm.cjs). */
export async function writeVllm(scratch: string): Promise<string> {
  const command = join(scratch, 'vllm');
  const script = join(CHECKOUT, 'test/serving/fixtures/vllm.cjs');
  await writeFile(command, `#!/bin/sh\nexec ${process.execPath} ${script} "$@"\n`);
  await chmod(command, 0o755);
  return command;
}

/** What that command finds the engine by. @param fault what it does wrong */
export function vllmVariables(scratch: string, fault = ''): Record<string, string> {
  const { python, sources } = realTrainer(scratch);
  return { VLLM_TEST_PYTHON: python, VLLM_TEST_SOURCES: sources, VLLM_TEST_FAULT: fault };
}

export interface ServingWorker {
  /** Begins to serve a policy; `endpoint` is there once it answers. */
  serve(policy: ArtifactRef): RunningAttempt<void> & { endpoint(): Promise<Endpoint> };
  /** As training does before it starts. */
  stopIdle(): Promise<void>;
  stop(): Promise<void>;
}

/** A worker of gpu-serve, configured by its environment. @param fault what vLLM does wrong */
export function servingWorker(
  { store, scratch }: ObjectStore,
  environment: Record<string, string>,
  fault?: string,
): ServingWorker {
  const trainer = realTrainer(scratch);
  const config = readConfig(environment);
  const { backend, stopIdle } = servingBackend(config, store, trainer, {
    ...process.env,
    ...vllmVariables(scratch, fault),
  });
  // Each time as on another machine, which remembers no proof.
  const policies = () => new ServedPolicies(store, externalEndpoint(config));
  const activities = () => createServingActivities({ store, policies: policies(), trainer, backend });
  const running = new Set<RunningAttempt<void>>();
  return {
    serve: (policy) => {
      const attempt = startAttempt(activities().servePolicy, [{ policy }]);
      running.add(attempt);
      const endpoint = async () => {
        await Promise.race([startAttempt(activities().awaitPolicy, [{ policy }]).result, attempt.result]);
        return policies().endpointOf(policy.digest.sha256);
      };
      return { ...attempt, endpoint };
    },
    stopIdle,
    stop: async () => {
      for (const attempt of running) attempt.cancel();
      await Promise.all([...running].map(({ result }) => result.catch(() => undefined)));
      await stopIdle();
    },
  };
}

/** Ends an attempt as a workflow does that needs the policy no more. */
export async function end(attempt: RunningAttempt<void>): Promise<void> {
  attempt.cancel();
  await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
}

/** What an attempt failed with. */
export const failureOf = ({ result }: RunningAttempt<void>): Promise<unknown> =>
  result.then(
    () => undefined,
    (error: unknown) => error,
  );

interface Answer {
  model: string;
  choices: [{ message: { content: string } }];
}

export async function ask({ baseUrl, model }: Endpoint, seed: number): Promise<Answer> {
  const messages = [{ role: 'user', content: 'a deal ?' }];
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, messages, seed, max_tokens: 12 }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as Answer;
}

/** What is said to some seeds. */
export const textsOf = (endpoint: Endpoint): Promise<string[]> =>
  Promise.all([1, 2, 3, 4].map(async (seed) => (await ask(endpoint, seed)).choices[0].message.content));
