import { createEvaluationActivities } from '../../activities/evaluations';
import { createFilterActivities } from '../../activities/filtering';
import { Plans } from '../../activities/support/stageWork';
import type { ArtifactRef } from '../../schemas/artifact';
import type { CollectedEpisode, Turn } from '../../schemas/episode';
import { Results } from '../../schemas/evaluation';
import { Decision } from '../../schemas/filter';
import type { ParametersOf } from '../../schemas/plan';
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

  test('writes what the round’s objective needs with each row: its weight, or what it is preferred to', async () => {
    const episodes = await collected([
      [2, 9],
      [8, 1],
    ]);
    const rowsOf = async (form: ParametersOf<'filterEpisodes'>['form']) =>
      objects.store.getJsonLines(read((await filter(episodes, { form })).outputs['dataset']), DialogueRow);
    const weighted = await rowsOf({ form: 'weighted', temperature: 3 });
    expect(weighted.map(({ weight }) => weight)).toEqual([2.71828, 3.79367]);
    const preferred = await rowsOf({ form: 'preferences' });
    expect(preferred.map(({ id, rejected }) => [id, rejected?.id])).toEqual([
      ['episode-1/0/0', 'episode-0/0/0'],
      ['episode-0/1/0', 'episode-1/1/0'],
    ]);
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
      simulated: true,
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
