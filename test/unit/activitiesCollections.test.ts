import { createCollectionActivities, type RatedRow } from '../../activities/collections';
import { createEvaluationActivities } from '../../activities/evaluations';
import { createFilterActivities } from '../../activities/filtering';
import { CollectionDesigns } from '../../activities/support/collectionDesigns';
import { Plans } from '../../activities/support/stageWork';
import type { ArtifactRef } from '../../schemas/artifact';
import { CollectedEpisode, CollectionDesign, type Turn } from '../../schemas/episode';
import { Results } from '../../schemas/evaluation';
import { Decision } from '../../schemas/filter';
import { MEDIA_TYPES } from '../../schemas/names';
import type { ParametersOf } from '../../schemas/plan';
import type { Rating } from '../../schemas/rating';
import type { Scores } from '../../schemas/scores';
import { DialogueRow } from '../../schemas/training';
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
const filtering = () => createFilterActivities({ store: objects.store, plans: new Plans(objects.store) });
const evaluating = () =>
  createEvaluationActivities({ store: objects.store, plans: new Plans(objects.store) });

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
      policies.map((policy, index) => ({ step: index + 1, policy })),
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
const turn = (number: number, argument: string): Turn => ({
  number,
  speaker: number % 2 === 0 ? 0 : 1,
  action: argument ? { type: 'speak', argument } : { type: 'leave', argument: '' },
  call: {
    model: 'm',
    snapshot: 'm',
    promptDigest: '0'.repeat(64),
    usage: { inputTokens: 1, outputTokens: 1 },
    calls: 1,
  },
});

/** A finished collection on the BC task: one episode a pair of goals; null is unrated. */
async function collected(goals: ([number, number] | null)[], over: Partial<CollectedEpisode> = {}) {
  const rows = goals.map(async (pair, number): Promise<CollectedEpisode> => {
    const episode = await objects.store.putJson(
      {
        id: `episode-${number}`,
        task: 'piano',
        agents: ['ada', 'ben'],
        models: ['m', 'm'],
        seed: number,
        turns: [turn(0, `offer ${number} .`), turn(1, 'deal , i agree .'), turn(2, '')],
        ending: 'left',
      },
      'episode',
    );
    return {
      number,
      id: `episode-${number}`,
      task: 'piano',
      players: number % 2 === 0 ? ['contestant', 'partner'] : ['partner', 'contestant'],
      ending: 'left',
      turns: 3,
      episode: episode.digest.sha256,
      rating: '0'.repeat(64),
      scores: pair && [scores(pair[0]), scores(pair[1])],
      ...over,
    };
  });
  return objects.store.putJsonLines(await Promise.all(rows), 'episodes.jsonl');
}

describe('a filter', () => {
  const filter = async (episodes: ArtifactRef, over: Partial<ParametersOf<'filterEpisodes'>> = {}) => {
    const parameters = {
      filter: { policy: 'paper-bc' as const, top: 1 },
      template: 'compact-v1' as const,
      minimumRows: 1,
      seed: 3,
      ...over,
    };
    const work = await stageWork(objects.store, 'filterEpisodes', parameters, { episodes, tasks });
    return (await attempt(filtering().filterEpisodes, [work])).result;
  };
  const read = (ref: ArtifactRef | undefined) => ref?.digest.sha256 ?? '';

  test('decides on every side and writes the rows of those it keeps, each with its episode', async () => {
    const { outputs, counts } = await filter(await collected([[2, 9], [8, 1], null]));
    expect(counts).toMatchObject({ sides: 6, kept: 2, unrated: 2, rows: 2 });
    const decisions = await objects.store.getJsonLines(read(outputs['decisions']), Decision);
    expect(decisions.filter(({ keep }) => keep).map(({ episode, position }) => [episode, position])).toEqual([
      ['episode-1', 0],
      ['episode-0', 1],
    ]);
    const rows = await objects.store.getJsonLines(read(outputs['dataset']), DialogueRow);
    expect(rows[0]).toEqual({
      id: 'episode-1/0/0',
      episode: 'episode-1',
      position: 0,
      messages: [
        { role: 'system', content: 'haggle over the piano sell limit=40 hope=60' },
        { role: 'assistant', content: 'offer 1 .' },
        { role: 'user', content: 'deal , i agree .' },
        { role: 'assistant', content: '[leave]' },
      ],
    });
  });

  test('that keeps too little ends the stage and says how much it kept', async () => {
    const filtered = filter(await collected([[2, 9], null]), { minimumRows: 5 });
    await expect(filtered).rejects.toMatchObject({ type: 'TOO_FEW_KEPT', nonRetryable: true });
    await expect(filtered).rejects.toThrow('keeps 2 training rows of 2 episodes; at least 5');
  });
});

describe('evaluations', () => {
  const summarise = async (name: string, goals: ([number, number] | null)[]) => {
    const parameters = { ...PLAY, name, contestant: policyPlayer, partner };
    const work = await stageWork(objects.store, 'evaluatePolicy', parameters, { tasks });
    const episodes = await collected(goals);
    return (await attempt(evaluating().summariseEvaluation, [{ ...work, episodes }])).result;
  };

  test('count the contestant’s own scores in whichever position it played', async () => {
    const { outputs, counts } = await summarise('BC', [[9, 1], [1, 9], null]);
    expect(counts).toEqual({ episodes: 3, unrated: 1 });
    const {
      tasks: [task],
    } = JSON.parse(await objects.store.getText(outputs['evaluation'] as ArtifactRef));
    expect(task).toMatchObject({ scores: { goal: 9 }, partnerScores: { goal: 1 }, goalByPosition: [9, 9] });
  });

  test('without a single rated episode end the stage: there is no score to report', async () => {
    await expect(summarise('BC', [null, null])).rejects.toMatchObject({
      type: 'TOO_MANY_UNRATED',
      nonRetryable: true,
    });
  });

  test('are compared in one table that is labelled simulated', async () => {
    const stages = {
      base: await summarise('base', [
        [2, 5],
        [5, 2],
      ]),
      BC: await summarise('BC', [
        [8, 5],
        [5, 8],
      ]),
    };
    const inputs = Object.fromEntries(
      Object.entries(stages).map(([name, { outputs }]) => [name, outputs['evaluation'] as ArtifactRef]),
    );
    const parameters: ParametersOf<'compareEvaluations'> = {
      policies: ['base', 'BC'],
      references: [],
      pairs: [['BC', 'base']],
      hardShare: 0.5,
      bootstrapSamples: 100,
      seed: 1,
    };
    const work = await stageWork(objects.store, 'compareEvaluations', parameters, inputs);
    const [{ result }, again] = [
      await attempt(evaluating().compareEvaluations, [work]),
      await attempt(evaluating().compareEvaluations, [work]),
    ];
    expect(again.result).toEqual(result);
    const results = await objects.store.getJson(result.outputs['results']?.digest.sha256 ?? '', Results);
    expect(results.simulated).toBe(true);
    expect(results.all.policies.map(({ metrics }) => metrics['goal']?.mean)).toEqual([2, 8]);
    const goal = results.all.comparisons.find(({ metric }) => metric === 'goal');
    expect(goal).toMatchObject({ better: 'BC', worse: 'base', difference: 6 });
  });
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
