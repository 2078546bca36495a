import { resultKey } from '../../artifacts/documentKeys';
import { createCorpusActivities } from '../../activities/corpora';
import { createStageActivities } from '../../activities/stages';
import { SnapshotWatch } from '../../activities/models/snapshots/snapshotWatch';
import { createEnvironment } from '../../activities/support/environment';
import { Plans, type StageOutcome, type StageWork } from '../../activities/support/stageWork';
import type { ArtifactRef } from '../../schemas/artifact';
import { StageResult } from '../../schemas/plan';
import { attempt, model, stageWork, startSimulator } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { TEST_BUILD, TEST_KEY } from '../support/workerParts';
import { payloadOf, signerOf } from '../../artifacts/signing/envelope';
import { Envelope, StageStatement } from '../../schemas/attestation';

let objects: ObjectStore;
let simulator: Awaited<ReturnType<typeof startSimulator>>;
beforeAll(async () => {
  [objects, simulator] = await Promise.all([startObjectStore(), startSimulator()]);
});
afterAll(() => Promise.all([objects.stop(), simulator.stop()]));

const activities = (build = TEST_BUILD) =>
  createStageActivities({
    store: objects.store,
    plans: new Plans(objects.store),
    build,
    signingKey: TEST_KEY,
  });

describe('a stage', () => {
  const file = (name: string) => objects.store.putText(`rows of ${name}`, name, 'application/jsonl');
  const filtering = async (seed: number, over: Partial<StageWork> = {}) => ({
    ...(await stageWork(
      objects.store,
      'filterEpisodes',
      { filter: { policy: 'paper-bc', top: 2 }, template: 'compact-v1', minimumRows: 1, seed },
      { episodes: await file('episodes'), tasks: await file('tasks') },
    )),
    ...over,
  });
  const open = async (work: StageWork, build = TEST_BUILD) =>
    (await attempt(activities(build).openStage, [work])).result;
  const commit = async (work: StageWork, outcome: Partial<StageOutcome> = {}, seconds = 5) =>
    (
      await attempt(activities().commitStage, [
        {
          ...work,
          outputs: {},
          counts: {},
          cost: { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 0 },
          startedAt: '2026-01-01T00:00:00.000Z',
          finishedAt: `2026-01-01T00:00:0${seconds}.000Z`,
          ...outcome,
        },
      ])
    ).result;

  test('is unfinished until it is committed; then whoever opens the same stage finds its result', async () => {
    const work = await filtering(1);
    const { key, finished } = await open(work);
    expect(finished).toBeNull();
    const dataset = await file('dataset');
    const result = await commit({ ...work, key }, { outputs: { dataset }, counts: { rows: 3 } });
    expect(result).toMatchObject({ key, outputs: { dataset }, counts: { rows: 3 }, seconds: 5 });
    expect(await open({ ...work, campaign: 'another' })).toEqual({ key, finished: result });
  });

  test('that another campaign’s looser limit let pass is looked at anew under a stricter one', async () => {
    const judge = model(simulator.baseUrl, 'simulated-judge');
    const player = { kind: 'model' as const, model: judge, template: 'compact-v1' as const };
    const collecting = (unratedShare: number) =>
      stageWork(objects.store, 'collectEpisodes', {
        split: 'SR',
        pairsPerTask: 1,
        rules: { maxTurns: 8, maxSilentTurns: 2 },
        judge,
        seed: 1,
        unratedShare,
        players: [player, player],
      });
    const work = await collecting(0.5);
    const { key } = await open(work);
    const result = await commit({ ...work, key }, { counts: { episodes: 10, unrated: 3 } });
    expect(await open(await collecting(0.3))).toEqual({ key, finished: result });
    expect(await open(await collecting(0.2))).toEqual({ key, finished: null });
  });

  test('that is reused brings the snapshots behind it along: another one from now on is a change', async () => {
    const judge = model(simulator.baseUrl, 'simulated-judge');
    const player = { kind: 'model' as const, model: judge, template: 'compact-v1' as const };
    const work = await stageWork(objects.store, 'collectEpisodes', {
      split: 'reused',
      pairsPerTask: 1,
      rules: { maxTurns: 8, maxSilentTurns: 2 },
      judge,
      seed: 1,
      unratedShare: 0.5,
      players: [player, player],
    });
    const { key } = await open(work);
    await commit({ ...work, key }, { models: [{ model: 'simulated-judge', snapshot: 'judge-may' }] });
    await open({ ...work, campaign: 'fork' });
    const watch = new SnapshotWatch(objects.store);
    const fork = { campaign: 'fork' };
    await watch.meet(fork, judge, 'judge-may');
    await expect(watch.meet(fork, judge, 'judge-june')).rejects.toMatchObject({
      type: 'MODEL_SNAPSHOT_CHANGED',
    });
  });

  test('committed twice keeps the first result, and the second is told that one', async () => {
    const work = await filtering(2);
    const { key } = await open(work);
    const first = await commit({ ...work, key }, { outputs: { dataset: await file('first') } });
    const second = await commit({ ...work, key }, { outputs: { dataset: await file('second') } }, 9);
    expect(second).toEqual(first);
    expect(await objects.store.getDocument(resultKey(key), StageResult)).toEqual(first);
  });

  test('leaves a manifest of what it was told, read and wrote, and who ran it', async () => {
    const work = await filtering(3);
    const { key } = await open(work);
    const { manifest } = await commit({ ...work, key }, { outputs: { dataset: await file('dataset') } });
    const envelope = await objects.store.getJson(manifest.digest.sha256, Envelope);
    const keys = new Map([[TEST_KEY.keyid, TEST_KEY.publicKey]]);
    expect(signerOf(envelope, keys)).toBe(TEST_KEY.keyid);
    const statement = StageStatement.parse(JSON.parse(payloadOf(envelope)));
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'dataset' }],
      predicate: {
        buildDefinition: {
          externalParameters: { campaign: 'test', stage: 'stage', parameters: { seed: 3 } },
          internalParameters: { key, seconds: 5, log: null },
          resolvedDependencies: [
            { name: 'episodes' },
            { name: 'tasks' },
            { name: 'plan', digest: { sha256: work.plan } },
            { name: 'package-lock.json' },
            { name: 'trainer' },
            { name: 'prompts/compact-v1' },
          ],
        },
        runDetails: { builder: { version: { 'pi-loop': TEST_BUILD.version } } },
      },
    });
  });

  test('has another key with another parameter or input, the same in another bucket or after another build', async () => {
    const work = await filtering(4);
    const { key } = await open(work);
    expect((await open(await filtering(5))).key).not.toBe(key);
    expect((await open({ ...work, inputs: { ...work.inputs, tasks: await file('others') } })).key).not.toBe(
      key,
    );
    const elsewhere = Object.fromEntries(
      Object.entries(work.inputs).map(([role, ref]): [string, ArtifactRef] => [
        role,
        { ...ref, uri: ref.uri.replace('pi-loop', 'other-bucket') },
      ]),
    );
    expect((await open({ ...work, inputs: elsewhere })).key).toBe(key);
    expect((await open(work, { ...TEST_BUILD, version: '9.9.9', trainer: 'u'.repeat(64) })).key).toBe(key);
  });

  test('that the plan does not have is refused for good', async () => {
    const work = await filtering(6, { stage: 'no-such-stage' });
    await expect(open(work)).rejects.toMatchObject({ type: 'SPEC_INVALID', nonRetryable: true });
  });
});

describe('a corpus', () => {
  const importing = (variables: Record<string, string> = {}) =>
    createCorpusActivities({
      store: objects.store,
      plans: new Plans(objects.store),
      environment: createEnvironment(variables),
    }).importCorpus;
  const fromFile = async (text: string) => {
    const file = await objects.store.putText(text, 'corpus.jsonl', 'application/jsonl');
    const work = await stageWork(objects.store, 'importCorpus', { source: { file } });
    return (await attempt(importing(), [work])).result;
  };
  const ROW = '{"id":"1","messages":[{"role":"system","content":"a"},{"role":"assistant","content":"b"}]}';

  test('of the simulator comes in by a variable’s address, the same each time', async () => {
    const url = '${PI_LOOP_SIMULATOR_URL}/corpora/poor-dialogues?episodes=20&seed=1';
    const work = await stageWork(objects.store, 'importCorpus', { source: { url } });
    const activity = importing({ PI_LOOP_SIMULATOR_URL: simulator.baseUrl });
    const [first, second] = [await attempt(activity, [work]), await attempt(activity, [work])];
    expect(first.result.counts['rows']).toBe(40);
    expect(second.result).toEqual(first.result);
    await expect(attempt(importing(), [work])).rejects.toMatchObject({ type: 'CONFIGURATION_MISSING' });
  });

  test('of a file is kept as it is, and its rows are counted', async () => {
    const text = `${ROW}\n\n${ROW}\n`;
    const { outputs, counts } = await fromFile(text);
    expect(counts).toEqual({ rows: 2 });
    expect(await objects.store.getText(outputs['corpus'] as ArtifactRef)).toBe(text);
  });

  test.each([
    ['no JSON', 'prose', 2],
    ['half a row', ROW.slice(0, 50), 2],
    ['a row with one message', '{"id":"1","messages":[{"role":"user","content":"a"}]}', 2],
    ['an unknown role', ROW.replace('system', 'narrator'), 2],
    ['a member too many', ROW.replace('"id"', '"score":1,"id"'), 2],
  ])('with %s is refused for good, and the line is named', async (_what, bad, line) => {
    await expect(fromFile(`${ROW}\n${bad}\n${ROW}\n`)).rejects.toMatchObject({
      type: 'CORPUS_INVALID',
      nonRetryable: true,
      message: expect.stringContaining(`Line ${line}`) as string,
    });
  });

  test('without rows is refused', async () => {
    await expect(fromFile('\n')).rejects.toMatchObject({ type: 'CORPUS_INVALID', nonRetryable: true });
  });
});
