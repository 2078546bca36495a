import { randomUUID } from 'node:crypto';
import { createEpisodeActivities, type PlayEpisodesInput } from '../../activities/episodes';
import { CollectionDesigns } from '../../activities/support/collectionDesigns';
import { createEnvironment } from '../../activities/support/environment';
import { LanguageModels } from '../../activities/models/languageModels';
import { Plans } from '../../activities/support/stageWork';
import { ServedPolicies } from '../../activities/support/servedPolicies';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { digestOfJson } from '../../artifacts/canonicalJson';
import { BatchProgress, type FinishedBatch } from '../../schemas/batch';
import { CollectedEpisode, type CollectionDesign, Episode, type Player } from '../../schemas/episode';
import type { ModelSpec } from '../../schemas/model';
import { Rating } from '../../schemas/rating';
import {
  type ActivityInfo,
  gameTask,
  model,
  modelPlayer,
  type RunningAttempt,
  startAttempt,
  taskSetOf,
} from './activities';
import { type ChatServer, startChatServer } from './chatServer';
import { openModelAccess } from './modelAccess';
import { type ObjectStore, startObjectStore } from './objectStore';
import { script } from './scripts';

interface BatchOptions {
  players: [Player, Player];
  judge: ModelSpec;
  /** @default 1 */
  episodes?: number;
  /** Played or rated at once. @default 8 */
  inFlight?: number;
  /** Calls of models that the campaign may make. @default no limit */
  modelCalls?: number;
  /** Where another batch was. @default a new bucket */
  store?: ArtifactStore;
}

/** An attempt at a batch that may still run. */
export interface BatchAttempt extends RunningAttempt<FinishedBatch> {
  /** What it tells in a heartbeat, past or to come, of which this holds. */
  progress(holds: (progress: BatchProgress) => boolean): Promise<BatchProgress>;
}

export interface TestBatch {
  store: ArtifactStore;
  input: PlayEpisodesInput;
  /** Starts an attempt in a worker that remembers nothing of those before. */
  start(info?: ActivityInfo): BatchAttempt;
  /** An undisturbed attempt. */
  finish(info?: ActivityInfo): Promise<FinishedBatch>;
}

type Answer = Parameters<typeof startChatServer>[0];

/** What the tests of a file share; nothing that runs or waits outlives its test. */
export function batchTests() {
  const models = new LanguageModels(createEnvironment({ SOME_KEY: 'key-of-the-test' }));
  const servers: ChatServer[] = [];
  const attempts: BatchAttempt[] = [];
  let objects: ObjectStore;
  beforeAll(async () => {
    objects = await startObjectStore();
  });
  afterEach(async () => {
    for (const { cancel } of attempts) cancel();
    await Promise.allSettled(attempts.splice(0).map(({ result }) => result));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  afterAll(() => Promise.all([objects.stop(), models.close()]));

  async function chatServer(...args: Parameters<typeof startChatServer>): Promise<ChatServer> {
    const server = await startChatServer(...args);
    servers.push(server);
    return server;
  }

  async function batch(options: BatchOptions): Promise<TestBatch> {
    const { judge, players, episodes = 1, inFlight = 8, modelCalls = null, store } = options;
    const own = store ?? (await newBucket(objects));
    const digests = await storeDesign(own, players, judge, episodes);
    const input = { campaign: 'test', ...digests, from: 0, to: episodes, modelCalls, inFlight };
    const start = (info: ActivityInfo = {}) => {
      const { playEpisodes } = createEpisodeActivities({ models, ...rememberingNothing(own, models) });
      const started = readingProgress(startAttempt(playEpisodes, [input], info));
      attempts.push(started);
      return started;
    };
    return { store: own, input, start, finish: (info) => start(info).result };
  }

  /** A batch of which one server plays both sides and judges. */
  async function scripted(
    answer: Answer = script,
    options: Partial<BatchOptions> = {},
  ): Promise<TestBatch & { server: ChatServer }> {
    const server = await chatServer(answer);
    return { server, ...(await batch({ ...playedBy(server), ...options })) };
  }

  return { chatServer, batch, scripted };
}

/** Both sides and the judge are models of one server. */
export function playedBy({ baseUrl }: Pick<ChatServer, 'baseUrl'>): Pick<BatchOptions, 'players' | 'judge'> {
  const player = modelPlayer(model(baseUrl, 'scripted'));
  return { players: [player, player], judge: model(baseUrl, 'judge') };
}

const rememberingNothing = (store: ArtifactStore, models: LanguageModels) => ({
  store,
  plans: new Plans(store),
  designs: new CollectionDesigns(store),
  policies: new ServedPolicies(store),
  access: openModelAccess(models, store),
});

async function newBucket(objects: ObjectStore): Promise<ArtifactStore> {
  const store = objects.open({ bucket: randomUUID() });
  await store.prepare();
  return store;
}

function readingProgress(attempt: RunningAttempt<FinishedBatch>): BatchAttempt {
  const isProgress = (details: unknown): details is BatchProgress => BatchProgress.safeParse(details).success;
  return {
    ...attempt,
    progress: (holds) =>
      attempt.heartbeat((details): details is BatchProgress => isProgress(details) && holds(details)),
  };
}

/** Episode n is on task `boat-n`. */
async function storeDesign(
  store: ArtifactStore,
  [first, second]: [Player, Player],
  judge: ModelSpec,
  episodes: number,
): Promise<{ design: string; play: string }> {
  const tasks = Array.from({ length: episodes }, (_, number) => gameTask(`boat-${number}`));
  const taskSet = (await store.putJson(taskSetOf(tasks), 'tasks.json')).digest.sha256;
  const played: Omit<CollectionDesign, 'judge'> = {
    taskSet,
    rules: { maxTurns: 8, maxSilentTurns: 2 },
    players: { first, second },
    episodes: tasks.map(({ id }, number) => ({
      id: `${id}-0-0`,
      task: id,
      agents: ['ada', 'ben'],
      players: ['first', 'second'],
      seed: 7 + number,
    })),
  };
  const { digest } = await store.putJson({ ...played, judge }, 'design.json');
  return { design: digest.sha256, play: digestOfJson(played) };
}

/** The index of a finished batch. */
export const indexOf = (store: ArtifactStore, { index }: FinishedBatch): Promise<CollectedEpisode[]> =>
  store.getJsonLines(index.digest.sha256, CollectedEpisode);

/** The only episode of a finished batch, with its line in the index and its rating. */
export async function onlyEpisode(store: ArtifactStore, finished: FinishedBatch) {
  const [row, ...others] = await indexOf(store, finished);
  if (!row || others.length > 0) throw new Error('the batch has not exactly one episode');
  const episode = await store.getJson(row.episode, Episode);
  return { row, episode, rating: await store.getJson(row.rating, Rating) };
}
