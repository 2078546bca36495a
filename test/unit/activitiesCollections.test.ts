import { createCollectionActivities } from '../../activities/collections';
import { Plans } from '../../activities/support/stageWork';
import type { ArtifactRef } from '../../schemas/artifact';
import { CollectedEpisode, CollectionDesign } from '../../schemas/episode';
import { MEDIA_TYPES } from '../../schemas/names';
import type { ParametersOf } from '../../schemas/plan';
import { attempt, gameTask, model, stageWork, taskSetOf } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

let objects: ObjectStore;
let tasks: ArtifactRef;
beforeAll(async () => {
  objects = await startObjectStore();
  const splits = [gameTask('boat'), gameTask('bike'), gameTask('piano', { split: 'BC' })];
  tasks = await objects.store.putJson(taskSetOf(splits), 'tasks.json');
});
afterAll(() => objects.stop());

const collections = () => {
  const { store } = objects;
  return createCollectionActivities({ store, plans: new Plans(store) });
};

const some = model('${URL}', 'some-model');
const PLAY = {
  split: 'test',
  pairsPerTask: 2,
  rules: { maxTurns: 8, maxSilentTurns: 2 },
  judge: some,
  seed: 5,
  unratedShare: 0.3,
};
const partner = { model: some, template: 'compact-v1' as const };
const policyPlayer = {
  kind: 'policy' as const,
  input: 'policy',
  template: 'compact-v1' as const,
  sampling: some.sampling,
};
const policyOf = (name: string) =>
  objects.store.putJson({ files: [{ bytes: 1, name, sha256: '0'.repeat(64) }] }, name, MEDIA_TYPES.directory);
const designOf = (digest: string) => objects.store.getJson(digest, CollectionDesign);

async function evaluation(over: Partial<ParametersOf<'evaluatePolicy'>> = {}, policy?: ArtifactRef) {
  const parameters = { ...PLAY, name: 'base', contestant: policyPlayer, partner, ...over };
  const inputs = { tasks, ...(policy && { policy }) };
  const work = await stageWork(objects.store, 'evaluatePolicy', parameters, inputs);
  const { result } = await attempt(collections().designEpisodes, [work]);
  return result[0] as (typeof result)[0];
}

describe('a design', () => {
  test('has each pair of each task of its split once in both positions, by the contestant', async () => {
    const { design, episodes } = await evaluation({}, await policyOf('base'));
    const planned = (await designOf(design)).episodes;
    expect(planned).toHaveLength(episodes);
    expect(new Set(planned.map(({ task }) => task))).toEqual(new Set(['boat', 'bike']));
    for (const seat of [0, 1]) {
      const here = planned.filter(({ players }) => players[seat] === 'contestant');
      expect(here).toHaveLength(episodes / 2);
      expect(new Set(here.map(({ task, agents }) => `${task} ${agents.join()}`)).size).toBe(episodes / 2);
    }
    expect(new Set(planned.map(({ id }) => id)).size).toBe(episodes);
  });

  test('gives all contestants the same tasks, pairs, positions and seeds', async () => {
    const [base, trained, expert] = [
      await evaluation({}, await policyOf('base')),
      await evaluation({ name: 'BC' }, await policyOf('BC')),
      await evaluation({ name: 'expert', contestant: { kind: 'model', ...partner } }),
    ];
    const [first, ...others] = await Promise.all(
      [base, trained, expert].map(({ design }) => designOf(design)),
    );
    for (const other of others) expect(other.episodes).toEqual(first?.episodes);
    expect(new Set([base.design, trained.design, expert.design]).size).toBe(3);
    expect([base, trained, expert].map(({ policies }) => policies.length)).toEqual([1, 1, 0]);
  });

  test('with another judge is played the same, and another seed is not', async () => {
    const policy = await policyOf('base');
    const first = await evaluation({}, policy);
    const judged = await evaluation({ judge: model('${URL}', 'other-judge') }, policy);
    expect(judged.play).toBe(first.play);
    expect(judged.design).not.toBe(first.design);
    expect((await evaluation({ seed: 6 }, policy)).play).not.toBe(first.play);
  });

  test('says how many unrated episodes the stage may have', async () => {
    const { episodes, unratedLimit } = await evaluation({}, await policyOf('base'));
    expect(unratedLimit).toBe(Math.floor(episodes * 0.3));
  });

  test('of checkpoints is one a checkpoint, all with the same seeds', async () => {
    const policies = [await policyOf('step-1'), await policyOf('step-2')];
    const checkpoints = await objects.store.putJson(
      policies.map(({ uri: _uri, ...policy }, index) => ({ step: index + 1, policy })),
      'checkpoints.json',
    );
    const parameters = {
      ...PLAY,
      partner,
      template: 'compact-v1' as const,
      sampling: some.sampling,
      minimumGain: 0,
    };
    const work = await stageWork(objects.store, 'chooseCheckpoint', parameters, { tasks, checkpoints });
    const { result } = await attempt(collections().designEpisodes, [work]);
    expect(result.map(({ policies: [served] }) => served)).toEqual(policies);
    const [first, second] = await Promise.all(result.map(({ design }) => designOf(design)));
    expect(second?.episodes).toEqual(first?.episodes);
  });

  test('without the policy that plays is refused', async () => {
    await expect(evaluation()).rejects.toMatchObject({ type: 'SPEC_INVALID', nonRetryable: true });
  });
});

test('indexes are gathered into one, in their order', async () => {
  const line = (number: number): CollectedEpisode => ({
    number,
    id: `boat-${number}`,
    task: 'boat',
    players: ['contestant', 'partner'],
    ending: 'left',
    turns: 3,
    episode: 'e'.repeat(64),
    rating: 'f'.repeat(64),
    scores: null,
  });
  const lines = [[line(0), line(1)], [line(2)], [line(3), line(4)]];
  const indexes = await Promise.all(
    lines.map((rows, batch) => objects.store.putJsonLines(rows, `episodes-${batch}.jsonl`)),
  );
  const { result } = await attempt(collections().gatherEpisodes, [{ indexes }]);
  expect(await objects.store.getJsonLines(result.digest.sha256, CollectedEpisode)).toEqual(lines.flat());
});
