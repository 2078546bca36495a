import { createCollectionActivities } from '../../activities/collections';
import { createEvaluationActivities } from '../../activities/evaluations';
import { Plans, type StageWork } from '../../activities/support/stageWork';
import { CONTESTANT } from '../../domain/episode/design';
import type { ArtifactRef } from '../../schemas/artifact';
import type { CollectedEpisode } from '../../schemas/episode';
import { MEDIA_TYPES } from '../../schemas/names';
import { DIMENSIONS, type Scores } from '../../schemas/scores';
import { attempt, gameTask, model, stageWork, taskSetOf } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

const policyOf = (name: string): Promise<ArtifactRef> =>
  objects.store.putJson({ files: [{ bytes: 1, name, sha256: '0'.repeat(64) }] }, name, MEDIA_TYPES.directory);

/** A stage that chooses between checkpoints of steps 1, 2, …; with `start`, also from that policy. */
async function choice(steps: number, minimumGain: number, start?: ArtifactRef) {
  const { store } = objects;
  const some = model('${URL}', 'some-model');
  const policies = await Promise.all(
    Array.from({ length: steps }, (_, index) => policyOf(`step-${index + 1}`)),
  );
  const listed = policies.map(({ uri: _uri, ...policy }, index) => ({ step: index + 1, policy }));
  const checkpoints = await store.putJson(listed, 'checkpoints.json');
  const tasks = await store.putJson(taskSetOf([gameTask('boat', { split: 'dev' })]), 'tasks.json');
  const parameters = {
    split: 'dev',
    pairsPerTask: 1,
    rules: { maxTurns: 8, maxSilentTurns: 2 },
    judge: some,
    seed: 5,
    unratedShare: 0,
    partner: { model: some, template: 'compact-v1' as const },
    template: 'compact-v1' as const,
    sampling: some.sampling,
    minimumGain,
  };
  const inputs = { checkpoints, tasks, ...(start && { start }) };
  const work = await stageWork(store, 'chooseCheckpoint', parameters, inputs);
  return { work, policies };
}

/** The index of a candidate's only episode, with the goal that it reached. */
function played(goal: number): Promise<ArtifactRef> {
  const scores = Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, 0])) as Scores;
  const row: CollectedEpisode = {
    number: 0,
    id: 'boat-0-0',
    task: 'boat',
    players: [CONTESTANT, 'partner'],
    ending: 'left',
    turns: 4,
    episode: '1'.repeat(64),
    rating: '2'.repeat(64),
    scores: [{ ...scores, goal }, scores],
  };
  return objects.store.putJsonLines([row], 'episodes.jsonl');
}

async function chosen(work: StageWork, goals: readonly number[]) {
  const { store } = objects;
  const { chooseCheckpoint } = createEvaluationActivities({ store, plans: new Plans(store) });
  const collections = await Promise.all(goals.map(played));
  const { result } = await attempt(chooseCheckpoint, [{ ...work, collections }]);
  return { policy: result.outputs['policy']?.digest, step: result.counts['step'] };
}

test('a round that regresses is not promoted: the policy it started from is kept', async () => {
  const start = await policyOf('start');
  const { work, policies } = await choice(2, 0, start);
  expect(await chosen(work, [5, 5, 3])).toEqual({ policy: start.digest, step: 0 });
  expect(await chosen(work, [5, 5, 6])).toEqual({ policy: policies[1]?.digest, step: 2 });
});

test('what a round started from is kept unless a checkpoint beats it by the minimum gain', async () => {
  const start = await policyOf('start');
  const { work, policies } = await choice(1, 1, start);
  expect(await chosen(work, [5, 6])).toEqual({ policy: start.digest, step: 0 });
  expect(await chosen(work, [5, 7])).toEqual({ policy: policies[0]?.digest, step: 1 });
});

test('without that choice the best checkpoint is taken, whatever the round started from', async () => {
  const { work, policies } = await choice(2, 0);
  expect(await chosen(work, [3, 2])).toEqual({ policy: policies[0]?.digest, step: 1 });
});

test('what a round started from plays the same dev tasks as its checkpoints, first', async () => {
  const { store } = objects;
  const start = await policyOf('start');
  const { work, policies } = await choice(2, 0, start);
  const { designEpisodes } = createCollectionActivities({ store, plans: new Plans(store) });
  const { result } = await attempt(designEpisodes, [work]);
  expect(result.map(({ policies: [served] }) => served?.digest)).toEqual(
    [start, ...policies].map(({ digest }) => digest),
  );
});
