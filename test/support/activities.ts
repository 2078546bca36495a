import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import type { StageWork } from '../../activities/support/stageWork';
import type { ArtifactRef } from '../../schemas/artifact';
import type { Player } from '../../schemas/episode';
import type { ModelSpec } from '../../schemas/model';
import type { SocialTask, TaskSet } from '../../schemas/profiles';
import type { ParametersOf, Plan, StageKind } from '../../schemas/plan';
import { createSimulator } from '../../simulator/server';
import { ada, ben, boatTask } from './people';

/** The real simulator, in this process. */
export async function startSimulator(): Promise<{ baseUrl: string; stop(): Promise<void> }> {
  const server = createSimulator().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const model = (baseUrl: string, name: string, over: Partial<ModelSpec> = {}): ModelSpec => ({
  baseUrl,
  model: name,
  sampling: { temperature: 1, topP: 1, maxTokens: 64 },
  simulated: true,
  ...over,
});

export const modelPlayer = (spec: ModelSpec): Player => ({
  kind: 'model',
  model: spec,
  template: 'compact-v1',
});

/** A game task that the simulator can play. */
export const gameTask = (id: string, over: Partial<SocialTask> = {}): SocialTask => ({
  ...boatTask,
  id,
  scenario: `haggle over the ${id}`,
  goals: ['sell limit=40 hope=60', 'buy limit=75 hope=50'],
  ...over,
});

export const taskSetOf = (tasks: SocialTask[]): TaskSet => ({
  tasks,
  agents: [ada, ben],
  relationships: [],
  prescribedPairs: {},
});

/** Stores a plan of one stage and gives the work that its activity is called with. */
export async function stageWork<K extends StageKind>(
  store: ArtifactStore,
  kind: K,
  parameters: ParametersOf<K>,
  inputs: Record<string, ArtifactRef> = {},
  key = 'k'.repeat(64),
): Promise<StageWork> {
  const estimate = { episodes: 0, calls: 0, tokens: 0, gpuSeconds: 0 };
  const plan: Plan = {
    campaign: 'test',
    stages: [{ id: 'stage', kind, parameters, inputs: {}, queue: 'general', estimate, gate: null }],
    simulated: true,
    episodesInFlight: 8,
    limits: { modelCalls: null },
  };
  const { digest } = await store.putJson(plan, 'plan.json');
  return { campaign: 'test', plan: digest.sha256, stage: 'stage', key, inputs };
}

export type ActivityInfo = ConstructorParameters<typeof MockActivityEnvironment>[0];

/** Where one attempt of an activity runs; it fails quietly, since failures are what tests ask for. */
export const activityEnvironment = (info: ActivityInfo = {}): MockActivityEnvironment =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });

/** An attempt of an activity that may still run. */
export interface RunningAttempt<R> {
  result: Promise<R>;
  /** As they were when they were told. */
  heartbeats: unknown[];
  /** The first heartbeat, past or to come, of which this holds; rejects when the attempt ends without one. */
  heartbeat<D>(holds: (details: unknown) => details is D): Promise<D>;
  nextHeartbeat(): Promise<unknown>;
  cancel(): void;
}

export function startAttempt<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
  args: A,
  info: ActivityInfo = {},
): RunningAttempt<R> {
  const environment = activityEnvironment(info);
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(structuredClone(details)));
  const result: Promise<R> = environment.run(activity, ...args);
  const ended = result.then(() => {
    throw new Error('the attempt ended without the heartbeat that was waited for');
  });
  // Whoever waits for them is told.
  for (const outcome of [result, ended]) outcome.catch(() => undefined);
  const nextHeartbeat = async () => {
    await Promise.race([once(environment, 'heartbeat'), ended]);
    return heartbeats.at(-1);
  };
  return {
    result,
    heartbeats,
    nextHeartbeat,
    heartbeat: async (holds) => {
      for (;;) {
        const told = heartbeats.find((details) => holds(details));
        if (told !== undefined) return told;
        await nextHeartbeat();
      }
    },
    cancel: () => environment.cancel('CANCELLED'),
  };
}

/** Runs one attempt of an activity to its end. */
export async function attempt<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
  args: A,
  info: ActivityInfo = {},
): Promise<{ result: R; heartbeats: unknown[] }> {
  const { result, heartbeats } = startAttempt(activity, args, info);
  return { result: await result, heartbeats };
}
