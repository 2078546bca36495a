import { readdirSync } from 'node:fs';
import type { CampaignStatus } from '../../client/status';
import type { CampaignResult } from '../../workflows/messages';
import { contentOf, TINY } from '../support/campaignRuns';
import { ControlledSystem, type Ran, runCommandLine, type Spec } from '../support/controlledSystem';
import { conversationsPlayed, filesBelow, historiesOf, holding } from '../support/evidence';
import { until } from '../support/processes';

jest.setTimeout(300_000);

let system: ControlledSystem;
beforeAll(async () => {
  system = await ControlledSystem.start();
});
beforeEach(() => system.startStore());
afterAll(() => system.close());

/** One round on few tasks: some seconds of training, a dozen conversations that take a moment. */
function makeSmall(spec: Spec): void {
  spec['models'].expert.model = 'simulated-expert+latency:100';
  spec['policy'].base.pretrain.corpus.url =
    '${PI_LOOP_SIMULATOR_URL}/corpora/poor-dialogues?episodes=200&seed=1';
  const [round] = spec['rounds'];
  spec['rounds'] = [{ ...round, tasks: 3, pairsPerTask: 4 }];
  spec['evaluation'] = { tasks: 2, bootstrapSamples: 100 };
}

/** A small campaign that differs from the others as it must. */
const campaign = (name: string, change: (spec: Spec) => void = () => undefined): string =>
  system.campaignFile(name, TINY, (spec) => {
    makeSmall(spec);
    change(spec);
  });

/** Follows a campaign that is to succeed. */
async function resultOf(id: string): Promise<CampaignResult> {
  const { code, output, errors } = await system.pi('watch', '--json', id);
  if (code !== 0) throw new Error(errors);
  return JSON.parse(output);
}

async function statusOf(id: string): Promise<CampaignStatus> {
  const { code, output, errors } = await system.pi('status', '--json', id);
  if (code !== 0) throw new Error(errors);
  return JSON.parse(output);
}

const said = ({ code, output, errors }: Ran) => ({ code, text: `${output}\n${errors}` });

/** The small campaign as it comes out; it is run once, with its disk full for a while. */
let reference: Promise<CampaignResult> | undefined;
function undisturbed(): Promise<CampaignResult> {
  reference ??= system
    .startWorkers()
    .then(() => system.pi('start', campaign('small')))
    .then(() => resultOf('small'));
  return reference;
}

/** What may not be written beyond so many bytes a file: like a full disk, and possible everywhere. */
const filesUpTo = (bytes: number): string[] => [
  '/bin/sh',
  '-c',
  `trap '' XFSZ; ulimit -f ${Math.floor(bytes / 512)}; exec "$@"`,
  'sh',
];

test('five mistakes are told in one message, and nothing is asked of any server', async () => {
  const file = campaign('mistakes', (spec) => {
    spec['sead'] = spec['seed'];
    spec['models'].judge.baseUrl = 'judge.example';
    spec['models'].expert.apiKeyEnv = 'sk-secret';
    spec['rounds'][0].filter = { policy: 'paper-cb' };
    spec['tasks'].profiles.agents = '/nowhere/agents.jsonl';
  });
  const nobody = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1', S3_ENDPOINT: 'http://127.0.0.1:1' };
  const { code, text } = said(await runCommandLine(['start', file], nobody, system.state.root));
  expect(code).toBe(2);
  expect(text).toContain('5 mistakes');
  for (const path of [
    'sead',
    'models.judge.baseUrl',
    'models.expert.apiKeyEnv',
    'rounds[0].filter.policy',
    'tasks.profiles.agents',
  ])
    expect(text).toMatch(new RegExp(`mistakes.yaml:\\d+:\\d+ ${path.replace(/[[\]]/g, '\\$&')}: found `));
});

test('with the S3 store down nothing is started, and it is said which store is meant', async () => {
  await system.kill('s3');
  const { code, text } = said(await system.pi('start', campaign('unstored')));
  expect(code).toBe(1);
  expect(text).toMatch(
    /The S3 store http:\/\/127\.0\.0\.1:\d+ does not answer \(.*ECONNREFUSED.*S3_ENDPOINT/,
  );
  await system.startStore();
  expect((await system.pi('list')).output).toContain('No campaigns yet');
});

test('without workers, status says so', async () => {
  await system.pi('start', campaign('waiting'));
  expect((await system.pi('status', 'waiting')).output).toContain('no worker answers');
  await system.startWorkers();
  expect((await system.pi('cancel', 'waiting')).code).toBe(0);
});

test('a trainer without disk says so; with room again the campaign goes on', async () => {
  const file = campaign('small');
  await system.startWorkers({}, filesUpTo(180_000));
  const full = said(await system.pi('start', '--watch', file));
  expect(full.code).toBe(1);
  expect(full.text).toMatch(/TRAINER_DISK_FULL: .*Free space where PI_LOOP_SCRATCH/);
  await system.startWorkers();
  await system.pi('start', file);
  const result = await resultOf('small');
  reference = Promise.resolve(result);
  expect(result.stages.filter(({ reused }) => reused).map(({ id }) => id)).toEqual(
    expect.arrayContaining(['corpus', 'tasks']),
  );
});

test('a worker without disk for a policy says so', async () => {
  await undisturbed();
  await system.startWorkers({ PI_LOOP_SCRATCH: system.state.file('small-scratch') }, filesUpTo(60_000));
  const file = campaign('small-disk', (spec) => (spec['rounds'][0].training.learningRate = 0.002));
  const { code, text } = said(await system.pi('start', '--watch', file));
  expect(code).toBe(1);
  expect(text).toMatch(/WORKER_DISK_FULL: .*small-scratch \(PI_LOOP_SCRATCH/);
  expect(readdirSync(system.state.file('small-scratch/policies'))).toEqual([]);
});

test('a store that goes away in the middle is waited for, and changes no digest', async () => {
  const expected = contentOf(await undisturbed());
  const bucket = { S3_BUCKET: 'another' };
  await system.startWorkers(bucket);
  const inBucket = (...args: string[]) =>
    runCommandLine(args, { ...system.environment, ...bucket }, system.state.root);
  await inBucket('start', '--id', 'outage', campaign('small'));
  await until(
    'conversations are played',
    async () =>
      (await statusOf('outage')).progress?.stages.find(({ id }) => id === 'BC/collect')?.state === 'running',
    60,
  );
  await system.kill('s3');
  await until(
    'the status says what is waited for',
    async () => (await statusOf('outage')).activities.some(({ failure }) => failure?.startsWith('STORAGE')),
    60,
  );
  expect((await system.pi('status', 'outage')).output).toMatch(/! \w+.*STORAGE_UNREACHABLE: .*tried again/);
  await system.startStore();
  const { output } = await inBucket('watch', '--json', 'outage');
  expect(contentOf(JSON.parse(output))).toEqual(expected);
});

test('a worker without the trainer’s Python says so, and lives on', async () => {
  await undisturbed();
  await system.startWorkers({ PI_LOOP_TRAINER_PYTHON: '/nowhere/python' });
  const file = campaign('no-python', (spec) => (spec['rounds'][0].training.learningRate = 0.004));
  const { code, text } = said(await system.pi('start', '--watch', file));
  expect(code).toBe(1);
  expect(text).toMatch(/TRAINER_MISSING: .*\/nowhere\/python.*PI_LOOP_TRAINER_PYTHON/);
  expect((await system.pi('status', 'no-python')).output).toContain('TRAINER_MISSING');
});

test('a key that lacks or is refused fails at once, a right one goes on, and no key is found anywhere', async () => {
  await undisturbed();
  const keys = { right: 'canary-right-6f1d2c', wrong: 'canary-wrong-9b7e4a' };
  const KEYED_URL = await system.startKeyedSimulator(keys.right);
  const file = campaign('keyed', (spec) =>
    Object.assign(spec['models'].judge, { baseUrl: '${KEYED_URL}', apiKeyEnv: 'JUDGE_KEY' }),
  );
  await system.startWorkers({ KEYED_URL });
  const lacking = said(await system.pi('start', '--watch', file));
  expect(lacking).toMatchObject({
    code: 1,
    text: expect.stringMatching(/CONFIGURATION_MISSING: .*JUDGE_KEY/),
  });
  await system.startWorkers({ KEYED_URL, JUDGE_KEY: keys.wrong });
  const refused = said(await system.pi('start', '--watch', file));
  expect(refused).toMatchObject({
    code: 1,
    text: expect.stringMatching(
      /MODEL_UNAUTHORIZED: .*refuses the key in JUDGE_KEY.*start the campaign again/,
    ),
  });
  await system.startWorkers({ KEYED_URL, JUDGE_KEY: keys.right });
  await system.pi('start', file);
  const result = await resultOf('keyed');
  expect(result.stages.filter(({ reused }) => reused).map(({ id }) => id)).toEqual(
    expect.arrayContaining(['corpus', 'base', 'tasks']),
  );

  await historiesOf(system, 'keyed');
  const everything = filesBelow(system.state.root);
  // What stands in payloads, blobs and messages is found this way, so a key there would be.
  const named = (text: string) =>
    holding(everything, text).map((file) => file.slice(system.state.root.length));
  expect(named('"campaign":"keyed"')).toContainEqual(expect.stringContaining('/temporal.db'));
  expect(named('simulated-judge')).toContainEqual(expect.stringContaining('/buckets/'));
  expect(named('refuses the key in JUDGE_KEY')).toContainEqual(expect.stringContaining('/histories/'));
  for (const key of Object.values(keys)) expect(holding(everything, key)).toEqual([]);
});

test('a model that does not exist fails at once, by its name', async () => {
  await system.startWorkers();
  const file = campaign('misnamed', (spec) => (spec['models'].expert.model = 'simulated-exprt'));
  const { code, text } = said(await system.pi('start', '--watch', file));
  expect(code).toBe(1);
  expect(text).toMatch(/MODEL_NOT_FOUND: model "simulated-exprt" at http:.*Correct the model's name/);
});

test('conversations of an expert that says nothing readable are counted, not trained on', async () => {
  await system.startWorkers();
  const file = campaign('speechless', (spec) => (spec['models'].expert.model = 'simulated-expert+empty'));
  const { code, text } = said(await system.pi('start', '--watch', file));
  expect(code).toBe(1);
  expect(text).toMatch(/TOO_MANY_UNRATED: .*\d+ because an answer of a model that talks could not be read/);
});

test('a judge that answers in prose leaves episodes unrated; another judge rates them without a replay', async () => {
  await undisturbed();
  await system.startWorkers();
  const withJudge = (model: string) =>
    campaign('prosaic', (spec) => {
      spec['models'].judge.model = model;
      spec['episodes'] = { maxTurns: 6 };
    });
  const { code, text } = said(await system.pi('start', '--watch', withJudge('simulated-judge+prose')));
  expect(code).toBe(1);
  expect(text).toMatch(
    /TOO_MANY_UNRATED: .*the judge’s answer could not be read. One such answer: "Well, that/,
  );
  const before = await conversationsPlayed(system, 'prosaic');
  expect(before).toBeGreaterThan(0);

  await system.pi('start', withJudge('simulated-judge'));
  const { stages } = await resultOf('prosaic');
  const played = stages.flatMap(({ counts }) => counts['episodes'] ?? []).reduce((sum, one) => sum + one, 0);
  expect(stages.map(({ counts }) => counts['unrated'] ?? 0)).toEqual(stages.map(() => 0));
  expect(await conversationsPlayed(system, 'prosaic')).toBe(played);
});
