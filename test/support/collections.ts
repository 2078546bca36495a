import type { Client, WorkflowHandle } from '@temporalio/client';
import type { EpisodeActivities } from '../../activities';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { digestOfJson } from '../../artifacts/canonicalJson';
import { batchesOf } from '../../domain/plan/batches';
import { BatchProgress, FinishedBatch } from '../../schemas/batch';
import type { CollectionDesign } from '../../schemas/episode';
import { stageWorkflowId, TASK_QUEUES } from '../../schemas/names';
import { readConfig } from '../../workers/config';
import { createActivities } from '../../workers/createActivities';
import type { episodeCollection } from '../../workflows/episodeCollection';
import { attempt, gameTask, model, modelPlayer, taskSetOf } from './activities';
import { EXPERT, type FaultSystem, JUDGE, PROVIDER } from './faultSystem';
import { WITHOUT_TEMPORAL } from './workerParts';

/** A collection of episodes that waits in a store to be played. */
export interface StoredCollection {
  design: string;
  play: string;
  episodes: number;
  seed: number;
}

/** Episode n is a conversation of the scripted expert with itself on task `boat-n`. */
export async function storeCollection(
  store: ArtifactStore,
  episodes: number,
  seed: number,
): Promise<StoredCollection> {
  const tasks = Array.from({ length: episodes }, (_, number) => gameTask(`boat-${number}`));
  const player = modelPlayer(model(PROVIDER, EXPERT));
  const played: Omit<CollectionDesign, 'judge'> = {
    taskSet: (await store.putJson(taskSetOf(tasks), 'tasks.json')).digest.sha256,
    rules: { maxTurns: 8, maxSilentTurns: 2 },
    players: { first: player, second: player },
    episodes: tasks.map(({ id }, number) => ({
      id,
      task: id,
      agents: ['ada', 'ben'],
      players: ['first', 'second'],
      seed: seed + number,
    })),
  };
  const { digest } = await store.putJson({ ...played, judge: model(PROVIDER, JUDGE) }, 'design.json');
  return { design: digest.sha256, play: digestOfJson(played), episodes, seed };
}

/** Has workers play a collection, all its episodes at once if they can. */
export function startCollection(client: Client, name: string, { design, play, episodes }: StoredCollection) {
  return client.workflow.start<typeof episodeCollection>('episodeCollection', {
    workflowId: stageWorkflowId(name, 'collect'),
    taskQueue: TASK_QUEUES.orchestration,
    args: [
      {
        campaign: name,
        stage: 'collect',
        design,
        play,
        episodes,
        unratedLimit: 0,
        modelCalls: null,
        inFlight: episodes,
      },
    ],
  });
}

/** Digests of what a collection's batches came to, as the store has them. */
export async function indexesIn(store: ArtifactStore, { design }: StoredCollection): Promise<string[]> {
  const keys = await store.list(`batches/finished/${design}/`);
  const finished = await Promise.all(keys.map((key) => store.getDocument(key, FinishedBatch)));
  return finished.map((batch) => batch?.index.digest.sha256 ?? '');
}

/** The same, of such a collection that is played here, in a bucket of its own, without any disturbance. */
export async function undisturbedIndexes(
  faults: FaultSystem,
  { episodes, seed }: Pick<StoredCollection, 'episodes' | 'seed'>,
): Promise<string[]> {
  const store = await faults.bucket(`undisturbed-${seed}`);
  const { design, play } = await storeCollection(store, episodes, seed);
  const { playEpisodes } = createActivities(
    readConfig({ ...faults.system.environment }),
    store,
    { PROVIDER_URL: faults.provider.baseUrl },
    WITHOUT_TEMPORAL,
  ).dialogue as EpisodeActivities;
  const indexes: string[] = [];
  for (const batch of batchesOf(episodes)) {
    const input = { campaign: 'undisturbed', modelCalls: null, design, play, ...batch, inFlight: 8 };
    const { result } = await attempt(playEpisodes, [input]);
    indexes.push(result.index.digest.sha256);
  }
  faults.reset();
  return indexes;
}

/** How many turns each open conversation of a collection of one batch has, by the last heartbeat that Temporal has heard. */
export async function turnsTold(handle: Pick<WorkflowHandle, 'describe'>): Promise<number[]> {
  const { raw } = await handle.describe();
  const [details] = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads ?? [];
  if (!details?.data) return [];
  const { open } = BatchProgress.parse(JSON.parse(Buffer.from(details.data).toString('utf8')));
  return open.map(({ turns }) => turns.length);
}

/** The number of the attempt by which each activity of a workflow was done. */
export async function attemptsOf(handle: {
  fetchHistory: WorkflowHandle['fetchHistory'];
}): Promise<number[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? []);
}
