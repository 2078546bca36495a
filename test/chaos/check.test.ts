import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { stageStatement } from '../../activities/support/manifest';
import { checkCalls, checkStore, type Finding } from '../../chaos/check';
import { checkProcesses } from '../../chaos/check/leftovers';
import type { ArtifactRef } from '../../schemas/artifact';
import type { CollectedEpisode, Episode } from '../../schemas/episode';
import type { Decision } from '../../schemas/filter';
import type { ModelCall } from '../../schemas/modelCall';
import { MEDIA_TYPES } from '../../schemas/names';
import type { Rating } from '../../schemas/rating';
import type { Scores } from '../../schemas/scores';
import type { DialogueRow } from '../../schemas/training';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { PAYLOAD_TYPES, signText } from '../../artifacts/signing/envelope';
import { TEST_BUILD, TEST_KEY } from '../support/workerParts';

let objects: ObjectStore;

beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

const call: ModelCall = {
  model: 'expert',
  snapshot: 'expert-1',
  promptDigest: '0'.repeat(64),
  usage: { inputTokens: 1, outputTokens: 1 },
  calls: 1,
};
const scores: Scores = {
  believability: 9,
  relationship: 0,
  knowledge: 0,
  secret: 0,
  social_rules: 0,
  financial_and_material_benefits: 0,
  goal: 7,
};
const episode: Episode = {
  id: 'e1',
  task: 't1',
  agents: ['a', 'b'],
  models: ['expert', 'expert'],
  seed: 1,
  turns: [{ number: 0, speaker: 0, action: { type: 'speak', argument: 'Hello.' }, call }],
  ending: 'limit',
};
const rating: Rating = { kind: 'rated', episode: 'e1', scores: [scores, scores], reasoning: [{}, {}], call };
const decision: Decision = {
  episode: 'e1',
  task: 't1',
  position: 0,
  keep: true,
  reason: 'top-of-task',
  rank: 1,
  goal: 7,
  overall: 2,
  policy: 'paper-bc',
  tied: false,
};
const row: DialogueRow = {
  id: 'e1/0/0',
  episode: 'e1',
  position: 0,
  messages: [
    { role: 'user', content: 'Say something.' },
    { role: 'assistant', content: 'Hello.' },
  ],
};

/** What a campaign might have left, where it is not as it should be. */
interface Left {
  rating?: Rating;
  decisions?: Decision[];
  rows?: DialogueRow[];
  /** How often the episode is in the index. */
  collected?: number;
  statedCalls?: number;
}

let campaigns = 0;

/** A bucket with one filtered collection of one episode. */
async function leave(left: Left = {}) {
  campaigns += 1;
  const bucket = `campaign-${campaigns}`;
  const store = objects.open({ bucket });
  await store.prepare();
  const played = await store.putJson(episode, 'episode.json');
  const rated = await store.putJson(left.rating ?? rating, 'rating.json');
  const collected: CollectedEpisode = {
    number: 0,
    id: 'e1',
    task: 't1',
    players: ['expert', 'expert'],
    ending: 'limit',
    turns: 1,
    episode: played.digest.sha256,
    rating: rated.digest.sha256,
    scores: [scores, scores],
  };
  const index = await store.putJsonLines(Array(left.collected ?? 1).fill(collected), 'episodes.jsonl');
  const cost = { calls: left.statedCalls ?? 2, inputTokens: 2, outputTokens: 2, gpuSeconds: 0 };
  const unrated = { count: 0, reasons: {}, example: null };
  await store.putDocument('batches/finished/design/0-1.json', { index, unrated, cost });
  const decisions = await store.putJsonLines(left.decisions ?? [decision], 'decisions.jsonl');
  const dataset = await store.putJsonLines(left.rows ?? [row], 'dataset.jsonl');
  const work = { key: '1'.repeat(64), stage: 'BC/filter', inputs: { episodes: index } };
  const outcome = { outputs: { decisions, dataset }, counts: {}, cost: { ...cost, calls: 0 } };
  const statement = stageStatement({
    campaign: 'chaos',
    plan: index.digest.sha256,
    kind: 'filterEpisodes',
    parameters: {},
    build: TEST_BUILD,
    seconds: 1,
    log: null,
    planUri: store.addressOf(index.digest.sha256),
    invocation: 'test',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:01Z',
    ...work,
    ...outcome,
  });
  const envelope = signText(canonicalJson(statement), PAYLOAD_TYPES.statement, TEST_KEY);
  const manifest = await store.putJson(envelope, 'manifest.json', MEDIA_TYPES.signedManifest);
  await store.putDocument('stages/filter.json', { key: work.key, ...outcome, seconds: 1, manifest });
  const fileOf = ({ digest }: ArtifactRef) =>
    objects.blobFile(digest.sha256).replace('/pi-loop/', `/${bucket}/`);
  return { store, dataset, manifest, fileOf };
}

const problemsOf = (findings: readonly Finding[]): string[] => findings.flatMap(({ problems }) => problems);

const problemsLeftBy = async (left: Left): Promise<string[]> =>
  problemsOf((await checkStore((await leave(left)).store)).findings);

test('where nothing is wrong nothing is found, and the calls are counted', async () => {
  const { findings, recordedCalls } = await checkStore((await leave()).store);
  expect(problemsOf(findings)).toEqual([]);
  expect(findings).toHaveLength(3);
  expect(recordedCalls).toBe(2);
});

test.each<[string, Left, RegExp]>([
  ['without a decision', { decisions: [] }, /row e1\/0\/0 has 0 decisions/],
  ['with two decisions', { decisions: [decision, { ...decision, rank: 2 }] }, /has 2 decisions/],
  ['that was to be dropped', { decisions: [{ ...decision, keep: false }] }, /decided to drop it/],
  ['without a rating', { collected: 0 }, /row e1\/0\/0 has 0 ratings/],
  ['with two ratings', { collected: 2 }, /has 2 ratings/],
  ['with the rating of another episode', { rating: { ...rating, episode: 'e2' } }, /is of episode e2/],
  [
    'of an unrated episode',
    { rating: { kind: 'unrated', episode: 'e1', reason: 'refusal', answer: '', call } },
    /of an episode without a rating/,
  ],
  [
    'that was chosen by other scores',
    { rating: { ...rating, scores: [scores, { ...scores, goal: 1 }] } as Rating },
    /by other scores than its rating has/,
  ],
  ['that is there twice', { rows: [row, row] }, /1 rows are there more than once/],
])('a training row %s is found', async (_name, left, problem) => {
  expect(await problemsLeftBy(left)).toContainEqual(expect.stringMatching(problem));
});

test('a stage that states other calls than were recorded is found', async () => {
  expect(await problemsLeftBy({ statedCalls: 3 })).toEqual([
    expect.stringMatching(/states 3 calls; its episodes and ratings record 2/),
  ]);
});

test('a flipped bit in any blob is found', async () => {
  const { store, dataset, fileOf } = await leave();
  const file = fileOf(dataset);
  const bytes = await readFile(file);
  // Another word in a row: still what the schema asks for, and yet not what the digest says.
  await writeFile(file, String(bytes).replace('Hello', 'Jello'));
  const problems = problemsOf((await checkStore(store)).findings);
  expect(problems).toContainEqual(
    expect.stringMatching(`Blob ${dataset.digest.sha256} .* has bytes of digest`),
  );
});

test('a missing blob is found', async () => {
  const { store, dataset, fileOf } = await leave();
  await rm(fileOf(dataset));
  const problems = problemsOf((await checkStore(store)).findings);
  const named = `stage "BC/filter" names blob ${dataset.digest.sha256}, which is not there`;
  expect(problems).toContain(named);
});

test('a missing manifest is found', async () => {
  const { store, manifest, fileOf } = await leave();
  await rm(fileOf(manifest));
  const { findings } = await checkStore(store);
  for (const { problems } of findings)
    expect(problems).toEqual([expect.stringContaining(`Blob ${manifest.digest.sha256} is not in bucket`)]);
});

test('more calls than were at risk are found, and fewer than are recorded', () => {
  const problems = (answered: number, unexcused = 0) =>
    checkCalls({ answered, recorded: 10, lost: 1, atRisk: 2, unexcused }).problems;
  expect([problems(10), problems(13)]).toEqual([[], []]);
  expect(problems(14)).toEqual(['4 calls were made again, but only 1 answers were lost and 2 at risk']);
  expect(problems(9)).toEqual(['10 calls are recorded, but only 9 were ever answered']);
  expect(problems(12, 1)).toEqual([expect.stringMatching(/^1 calls were made again, or never should have/)]);
});

test('a process that outlives the run is found', async () => {
  const mark = `chaos-orphan-${process.pid}`;
  const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', mark]);
  await once(orphan, 'spawn');
  const { problems } = await checkProcesses('nothing is left', [mark], 0);
  expect(problems).toEqual([expect.stringContaining(`process ${orphan.pid} still runs`)]);
  orphan.kill('SIGKILL');
  await once(orphan, 'exit');
  expect((await checkProcesses('nothing is left', [mark])).problems).toEqual([]);
});
