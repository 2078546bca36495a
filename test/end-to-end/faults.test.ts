import { readdirSync } from 'node:fs';
import type { CampaignResult } from '../../workflows/messages';
import { contentOf } from '../support/campaignRuns';
import { ControlledSystem, runCommandLine } from '../support/controlledSystem';
import { filesBelow, historiesOf, holding } from '../support/evidence';
import { until } from '../support/processes';
import { said, SmallCampaigns } from '../support/smallCampaign';

let system: ControlledSystem;
let campaigns: SmallCampaigns;
beforeAll(async () => {
  system = await ControlledSystem.start();
  campaigns = new SmallCampaigns(system);
});
beforeEach(() => system.startStore());
afterAll(() => system.close());

/** The small campaign as it comes out; it is run once, with its disk full for a while. */
let reference: Promise<CampaignResult> | undefined;
function undisturbed(): Promise<CampaignResult> {
  reference ??= system
    .startWorkers()
    .then(() => campaigns.succeed('start', campaigns.file('small')))
    .then(() => campaigns.result('small'));
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
  const file = campaigns.file('mistakes', (spec) => {
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
  const { code, text } = said(await system.pi('start', campaigns.file('unstored')));
  expect(code).toBe(1);
  expect(text).toMatch(
    /The S3 store http:\/\/127\.0\.0\.1:\d+ does not answer \(.*ECONNREFUSED.*S3_ENDPOINT/,
  );
  await system.startStore();
  expect((await system.pi('list')).output).toContain('No campaigns yet');
});

test('without workers, status says so', async () => {
  // Of other tasks than the campaigns after it, which are to find nothing made.
  const file = campaigns.file('waiting', (spec) => (spec['seed'] = 77));
  await system.pi('start', file);
  expect((await system.pi('status', 'waiting')).output).toContain('no worker answers');
  await system.startWorkers();
  expect((await system.pi('cancel', 'waiting')).code).toBe(0);
});

test('a trainer without disk is parked and says so; with room again the campaign goes on', async () => {
  const file = campaigns.file('small');
  await system.startWorkers({}, filesUpTo(180_000));
  const full = said(await system.pi('start', '--watch', file));
  expect(full.code).toBe(1);
  expect(full.text).toMatch(/TRAINER_DISK_FULL: .*Free space where PI_LOOP_SCRATCH/);
  const before = await campaigns.stage('small', 'evaluate/expert');
  expect(before?.state).toBe('finished');
  await system.startWorkers();
  expect(await campaigns.succeed('start', file)).toContain('Campaign "small" runs already.');
  reference = campaigns.result('small');
  await reference;
  expect(await campaigns.stage('small', 'evaluate/expert')).toEqual(before);
});

test('a worker without disk for a policy says so; with room again the stage goes on by itself', async () => {
  await undisturbed();
  await system.startWorkers({ PI_LOOP_SCRATCH: system.state.file('small-scratch') }, filesUpTo(60_000));
  const file = campaigns.file('small-disk', (spec) => (spec['rounds'][0].training.learningRate = 0.002));
  const { code, text } = said(await system.pi('start', '--watch', file));
  expect(code).toBe(1);
  expect(text).toMatch(/WORKER_DISK_FULL: .*small-scratch \(PI_LOOP_SCRATCH.*tried again by itself/);
  expect(readdirSync(system.state.file('small-scratch/policies'))).toEqual([]);
  await system.startWorkers();
  await campaigns.result('small-disk');
});

test('a store that goes away in the middle is waited for, and changes no digest', async () => {
  const expected = contentOf(await undisturbed());
  const bucket = { S3_BUCKET: 'another' };
  await system.startWorkers(bucket);
  const inBucket = (...args: string[]) =>
    runCommandLine(args, { ...system.environment, ...bucket }, system.state.root);
  await inBucket('start', '--id', 'outage', campaigns.file('small'));
  await campaigns.untilBegun('outage', 'BC/collect');
  await system.kill('s3');
  await until('the status says what is waited for', async () =>
    (await campaigns.status('outage')).activities.some(({ failure }) => failure?.startsWith('STORAGE')),
  );
  expect((await system.pi('status', 'outage')).output).toMatch(/! \w+.*STORAGE_UNREACHABLE: .*tried again/);
  await system.startStore();
  expect(contentOf(await campaigns.result('outage'))).toEqual(expected);
});

test('a worker without the trainer’s Python says so, and lives on; a parked campaign can be cancelled', async () => {
  await undisturbed();
  await system.startWorkers({ PI_LOOP_TRAINER_PYTHON: '/nowhere/python' });
  const file = campaigns.file('no-python', (spec) => (spec['rounds'][0].training.learningRate = 0.004));
  const { code, text } = said(await system.pi('start', '--watch', file));
  expect(code).toBe(1);
  expect(text).toMatch(/TRAINER_MISSING: .*\/nowhere\/python.*PI_LOOP_TRAINER_PYTHON/);
  expect(await campaigns.succeed('status', 'no-python')).toContain('TRAINER_MISSING');
  await campaigns.succeed('cancel', 'no-python');
});

test('a key that lacks or is refused parks at once, a right one goes on, and no key is found anywhere', async () => {
  await undisturbed();
  const keys = { right: 'canary-right-6f1d2c', wrong: 'canary-wrong-9b7e4a' };
  const KEYED_URL = await system.startKeyedSimulator(keys.right);
  const file = campaigns.file('keyed', (spec) =>
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
      /MODEL_UNAUTHORIZED: .*refuses the key in JUDGE_KEY.*Set JUDGE_KEY to a valid key/,
    ),
  });
  await system.startWorkers({ KEYED_URL, JUDGE_KEY: keys.right });
  await campaigns.succeed('resume', 'keyed');
  const result = await campaigns.result('keyed');
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

test('a model that lacks what the file asks of it is told before anything starts, unless nobody is to look', async () => {
  await system.startWorkers();
  const file = campaigns.file('lacking', (spec) => {
    spec['models'].judge.structuredOutput = 'schema';
    spec['gates'] = ['corpus', 'tasks'].map((before) => ({ before, ask: 'Is it to start at all?' }));
  });
  expect(said(await system.pi('start', file))).toMatchObject({
    code: 2,
    text: expect.stringMatching(/Nothing was started.*\n.*models\.judge\.structuredOutput.*Set it to text/),
  });
  expect(await campaigns.succeed('list')).not.toContain('lacking');
  await campaigns.succeed('start', '--no-probe', file);
  await campaigns.untilStage('lacking', 'tasks', 'gated');
});

test('a model that does not exist parks at once, by its name; amended, the campaign goes on with another', async () => {
  await undisturbed();
  await system.startWorkers();
  const withExpert = (model: string) =>
    campaigns.file('misnamed', (spec) => (spec['models'].expert.model = model));
  const { code, text } = said(await system.pi('start', '--watch', withExpert('simulated-exprt')));
  expect(code).toBe(1);
  expect(text).toMatch(/MODEL_NOT_FOUND: model "simulated-exprt" at http:.*Correct the model's name/);

  const file = withExpert('simulated-expert');
  const other = said(await system.pi('start', file));
  expect(other).toMatchObject({ code: 2, text: expect.stringContaining('`pi-loop amend misnamed FILE`') });
  const why = ['--why', 'its name was wrong', '--who', 'anna'];
  expect(await campaigns.succeed('amend', 'misnamed', file, ...why)).toMatch(
    /BC\/collect \(parked, its result changes\)\n {2}parameters.players\[0\].model.model: "simulated-exprt" → "simulated-expert"/,
  );
  const { plan } = await campaigns.result('misnamed');
  expect((await campaigns.status('misnamed')).progress?.steering).toMatchObject([
    { kind: 'amend', who: 'anna', why: 'its name was wrong', plan, refused: null },
  ]);
});

test('conversations of an expert that says nothing readable are counted, not trained on', async () => {
  await system.startWorkers();
  const file = campaigns.file(
    'speechless',
    (spec) => (spec['models'].expert.model = 'simulated-expert+empty'),
  );
  const { code, text } = said(await system.pi('start', '--watch', file));
  expect(code).toBe(1);
  expect(text).toMatch(/TOO_MANY_UNRATED: .*\d+ because an answer of a model that talks could not be read/);
});

test('a judge that answers in prose leaves episodes unrated; another judge rates them without a replay', async () => {
  await undisturbed();
  const key = 'key-of-the-expert';
  const EXPERT_URL = await system.startKeyedSimulator(key);
  await system.startWorkers({ EXPERT_URL, EXPERT_KEY: key });
  const withJudge = (model: string) =>
    campaigns.file('prosaic', (spec) => {
      Object.assign(spec['models'].expert, { baseUrl: '${EXPERT_URL}', apiKeyEnv: 'EXPERT_KEY' });
      spec['models'].judge.model = model;
      // So many that all conversations have been played before the limit is passed.
      spec['limits'] = { unratedShare: 0.9 };
    });
  const { code, text } = said(await system.pi('start', '--watch', withJudge('simulated-judge+prose')));
  expect(code).toBe(1);
  expect(text).toMatch(
    /TOO_MANY_UNRATED: .*the judge’s answer could not be read. One such answer: "Well, that/,
  );

  // Without its expert the campaign can play nothing again.
  await system.stop('keyed-simulator');
  const judge = withJudge('simulated-judge');
  await campaigns.succeed('amend', 'prosaic', judge, '--why', 'a judge that answers in scores');
  const { stages } = await campaigns.result('prosaic');
  expect(stages.map(({ counts }) => counts['unrated'] ?? 0)).toEqual(stages.map(() => 0));
});
