import { createCollectionActivities, type RatedRow } from '../../activities/collections';
import { CollectionDesigns } from '../../activities/support/collectionDesigns';
import { Plans } from '../../activities/support/stageWork';
import type { ArtifactRef } from '../../schemas/artifact';
import { CollectedEpisode, CollectionDesign } from '../../schemas/episode';
import { MEDIA_TYPES } from '../../schemas/names';
import type { ParametersOf } from '../../schemas/plan';
import type { Rating } from '../../schemas/rating';
import type { Scores } from '../../schemas/scores';
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
  return createCollectionActivities({
    store,
    plans: new Plans(store),
    designs: new CollectionDesigns(store),
  });
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

const scores = (goal: number): Scores => ({
  believability: 8,
  relationship: 0,
  knowledge: 0,
  secret: 0,
  social_rules: 0,
  financial_and_material_benefits: 0,
  goal,
});
describe('a shard', () => {
  const row = (number: number, goal: number | null): RatedRow => ({
    number,
    episode: String(number).padStart(64, '0'),
    ending: 'left',
    turns: 3,
    rating: 'f'.repeat(64),
    scores: goal === null ? null : [scores(goal), scores(goal)],
  });

  test('once committed is found again: whole by its design, its conversations by another judge’s', async () => {
    const policy = await policyOf('base');
    const { design, play } = await evaluation({ seed: 9 }, policy);
    const range = { design, play, from: 0, to: 2 };
    const open = async (of: string) =>
      (await attempt(collections().openShard, [{ ...range, design: of }])).result;
    expect(await open(design)).toEqual({ finished: null, played: [], rated: [] });
    const refusal: Rating = { kind: 'unrated', episode: 'one', reason: 'refusal', answer: 'I will not.' };
    const rating = (await objects.store.putJson(refusal, 'rating')).digest.sha256;
    const rows = [row(0, 4), { ...row(1, null), rating }];
    const { result } = await attempt(collections().commitShard, [{ ...range, rows }]);
    expect(result.unrated).toMatchObject({ count: 1, reasons: { refusal: 1 } });
    expect(await open(design)).toEqual({ finished: result, played: [], rated: [] });

    const judged = await evaluation({ seed: 9, judge: model('${URL}', 'other-judge') }, policy);
    const opened = await open(judged.design);
    expect(opened).toMatchObject({ finished: null, rated: [] });
    expect(opened.played).toEqual(
      rows.map(({ number, episode, ending, turns }) => ({ number, episode, ending, turns })),
    );
  });

  test('that fails keeps what it had: neither played nor rated again by the same judge', async () => {
    const { design, play } = await evaluation({ seed: 11 }, await policyOf('base'));
    const range = { design, play, from: 0, to: 2 };
    const rated = [row(0, 4)];
    const played = [0, 1].map((number) => {
      const { episode, ending, turns } = row(number, 4);
      return { number, episode, ending, turns };
    });
    await attempt(collections().keepShard, [{ ...range, played, rated }]);
    expect((await attempt(collections().openShard, [range])).result).toEqual({
      finished: null,
      played,
      rated,
    });
  });

  test('indexes are gathered in order into one', async () => {
    const { design, play } = await evaluation({ seed: 10 }, await policyOf('base'));
    const shards = await Promise.all(
      [0, 1].map(async (from) => {
        const input = { design, play, from, to: from + 1, rows: [row(from, from)] };
        return (await attempt(collections().commitShard, [input])).result.index;
      }),
    );
    const { result } = await attempt(collections().gatherEpisodes, [{ shards }]);
    const rows = await objects.store.getJsonLines(result.digest.sha256, CollectedEpisode);
    expect(rows.map(({ number, id }) => [number, id])).toEqual(
      (await designOf(design)).episodes.slice(0, 2).map(({ id }, number) => [number, id]),
    );
  });
});
