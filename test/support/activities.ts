import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import type { StageWork } from '../../activities/support/stageWork';
import type { ArtifactRef } from '../../schemas/artifact';
import type { CollectionDesign, Player } from '../../schemas/episode';
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

/** Stores a design of one episode on one game task; returns its digest. */
export async function storeDesign(
  store: ArtifactStore,
  players: [Player, Player],
  judge: ModelSpec,
  seed = 7,
): Promise<string> {
  const tasks = await store.putJson(taskSetOf([gameTask('boat')]), 'tasks.json');
  const design: CollectionDesign = {
    taskSet: tasks.digest.sha256,
    rules: { maxTurns: 8, maxSilentTurns: 2 },
    players: { first: players[0], second: players[1] },
    judge,
    episodes: [{ id: 'boat-0-0', task: 'boat', agents: ['ada', 'ben'], players: ['first', 'second'], seed }],
  };
  return (await store.putJson(design, 'design.json')).digest.sha256;
}

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
  };
  const { digest } = await store.putJson(plan, 'plan.json');
  return { campaign: 'test', plan: digest.sha256, stage: 'stage', key, inputs };
}

type ActivityInfo = ConstructorParameters<typeof MockActivityEnvironment>[0];

/** Where one attempt of an activity runs; it fails quietly, since failures are what tests ask for. */
export const activityEnvironment = (info: ActivityInfo = {}): MockActivityEnvironment =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });

/** Runs one attempt of an activity; its heartbeats are noted as they were at that moment. */
export async function attempt<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
  args: A,
  info: ActivityInfo = {},
): Promise<{ result: R; heartbeats: unknown[] }> {
  const environment = activityEnvironment(info);
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(structuredClone(details)));
  return { result: await environment.run(activity, ...args), heartbeats };
}
