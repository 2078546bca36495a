import { holdsOf, standsStill } from '../../client/holds';
import type { ActivityStatus } from '../../client/activityStatus';
import type { CampaignStatus } from '../../client/status';
import { withCollections } from '../../client/withCollections';
import { renderStatus } from '../../cli/render/progress';
import { ProgressLines } from '../../cli/render/progressLines';
import { troubles } from '../../cli/render/troubles';
import type { SteeringRecord } from '../../schemas/steering';
import type { CampaignProgress, StageProgress } from '../../workflows/messages';

const NOW = new Date('2026-01-01T12:00:00.000Z');
const secondsAgo = (seconds: number) => new Date(NOW.getTime() - 1000 * seconds).toISOString();

const stage = (id: string, over: Partial<StageProgress> = {}): StageProgress => ({
  id,
  kind: 'trainPolicy',
  state: 'waiting',
  startedAt: null,
  finishedAt: null,
  episodes: { finished: 0, planned: 0 },
  counts: {},
  key: null,
  parking: null,
  gate: null,
  ...over,
});

const parked = (id: string, nextTryAt: string | null, type = 'MODEL_QUOTA_EXHAUSTED'): StageProgress =>
  stage(id, {
    state: 'parked',
    parking: { type, message: 'No quota left.', since: secondsAgo(60), tries: 2, nextTryAt },
  });

const record = (over: Partial<SteeringRecord> = {}): SteeringRecord => ({
  request: 'r',
  who: 'anna',
  why: 'the machine is needed',
  number: 1,
  at: secondsAgo(120),
  kind: 'pause',
  stages: [],
  changes: [],
  plan: null,
  refused: null,
  ...over,
});

const progressOf = (stages: StageProgress[], over: Partial<CampaignProgress> = {}): CampaignProgress => ({
  campaign: 'x',
  plan: 'p',
  startedAt: secondsAgo(3600),
  paused: null,
  stages,
  steering: [],
  ...over,
});

const statusOf = (progress: CampaignProgress | null, over: Partial<CampaignStatus> = {}): CampaignStatus => ({
  campaign: 'x',
  state: 'running',
  startedAt: secondsAgo(3600),
  closedAt: null,
  progress,
  activities: [],
  failure: null,
  ...over,
});

const activity = (over: Partial<ActivityStatus> = {}): ActivityStatus => ({
  activity: 'trainPolicy',
  attempt: 1,
  details: null,
  failure: null,
  taskQueue: 'gpu-train',
  untaken: null,
  ...over,
});

test('status tells what the finished stages asked of models, and how much came from their caches', () => {
  const cost = { calls: 12_600, inputTokens: 4_100_000, outputTokens: 800_000, gpuSeconds: 0 };
  const finished = (id: string, cachedTokens?: number) =>
    stage(id, { state: 'finished', cost: { ...cost, ...(cachedTokens && { cachedTokens }) } });
  const progress = progressOf([finished('tasks'), finished('BC/collect', 4_100_000), stage('results')]);
  expect(renderStatus(statusOf(progress), NOW)).toContain(
    '  asked: 25,200 calls · 8.2 M tokens in, 50 % of them from the cache · 1.6 M out',
  );
});

describe('status tells what holds a campaign and how it goes on', () => {
  const rendered = (progress: CampaignProgress) => renderStatus(statusOf(progress), NOW);

  test('a pause: by whom, since when, why', () => {
    const text = rendered(progressOf([stage('base', { state: 'paused' })], { paused: record() }));
    expect(text).toContain(
      '! paused by anna 2 min 0 s ago (the machine is needed); `pi-loop resume x` goes on.',
    );
  });

  test('a parked stage that is tried again by itself: when', () => {
    const soon = new Date(NOW.getTime() + 90_000).toISOString();
    const text = rendered(progressOf([parked('BC/collect', soon)]));
    expect(text).toContain('! BC/collect  parked · MODEL_QUOTA_EXHAUSTED · for 1 min 0 s');
    expect(text).toContain(
      'No quota left. It is tried again by itself in 1 min 30 s (2 tries so far); `pi-loop retry x BC/collect` does so at once.',
    );
  });

  test.each([
    ['TOO_FEW_KEPT', /`pi-loop retry x BC\/filter` tries it again; `pi-loop amend x FILE` changes the plan/],
    ['TOO_MANY_UNRATED', /`pi-loop raise-limit x --unrated-share SHARE --why …`/],
    ['CALLS_EXHAUSTED', /`pi-loop raise-limit x --model-calls N --why …`/],
    ['GATE_REJECTED', /`pi-loop amend x FILE` takes another way, `pi-loop cancel x` none/],
  ])('a stage that only a person can help, parked by %s: with which command', (type, command) => {
    expect(rendered(progressOf([parked('BC/filter', null, type)]))).toMatch(command);
  });

  test('a gate: what is asked, and how it is answered', () => {
    const text = rendered(progressOf([stage('BC/train', { state: 'gated', gate: 'Fit to learn from?' })]));
    expect(text).toContain(
      '! BC/train waits for a yes to "Fit to learn from?"; `pi-loop approve x BC/train`',
    );
  });

  test('the last few things that people did, refused ones as such', () => {
    const steering = [1, 2, 3, 4, 5, 6].map((number) => record({ number, why: `reason ${number}` }));
    const refused = record({ kind: 'reject', stages: ['BC/train'], refused: 'It was approved before.' });
    const text = rendered(progressOf([], { steering: [...steering, refused] }));
    expect(text).toContain('» … and 2 before');
    expect(text).not.toContain('reason 2');
    expect(text).toContain('» anna paused the campaign: reason 6, 2 min 0 s ago');
    expect(text).toContain(
      'anna rejected BC/train: the machine is needed (refused: It was approved before.)',
    );
  });
});

describe('troubles', () => {
  test('a failure that an attempt waits out by itself is told at the first attempt', () => {
    const waiting = activity({ activity: 'playEpisodes', failure: 'MODEL_RATE_LIMITED: slow down' });
    expect(troubles([waiting, waiting], NOW)).toEqual([
      'playEpisodes (2 of them): MODEL_RATE_LIMITED: slow down',
    ]);
  });

  test('work that no worker takes is told with its queue, once it has waited for a while', () => {
    const untaken = (seconds: number, workersAsk: boolean) =>
      activity({ untaken: { since: secondsAgo(seconds), workersAsk } });
    expect(troubles([untaken(2, true)], NOW)).toEqual([]);
    expect(troubles([untaken(60, true)], NOW)).toEqual([
      'trainPolicy: has waited 1 min 0 s for a free slot or a worker of gpu-train',
    ]);
    expect(troubles([untaken(60, false)], NOW)[0]).toContain('none has asked for work lately');
  });
});

describe('a campaign stands still', () => {
  const still = (over: Partial<CampaignStatus> = {}, stages = [parked('a', null), stage('b')]) =>
    standsStill(statusOf(progressOf(stages), over));

  test('when nothing runs and something holds it', () => {
    expect(still()).toBe(true);
    expect(still({}, [stage('a', { state: 'gated', gate: 'Go on?' })])).toBe(true);
  });

  test('not while another stage runs, an activity is under way, or nothing holds it', () => {
    expect(still({}, [parked('a', null), stage('b', { state: 'running' })])).toBe(false);
    expect(still({ activities: [activity()] })).toBe(false);
    expect(still({}, [stage('a'), stage('b', { state: 'finished' })])).toBe(false);
  });

  test('not after its end, and nobody knows without a worker', () => {
    expect(still({ closedAt: secondsAgo(1) })).toBe(false);
    expect(standsStill(statusOf(null))).toBe(false);
  });
});

test('what holds a campaign is told once in a log, and again when it changes', () => {
  const lines: string[] = [];
  const log = new ProgressLines((line) => lines.push(line));
  const first = statusOf(progressOf([parked('a', secondsAgo(-10))]));
  log.show(first, NOW);
  log.show(first, NOW);
  expect(lines.filter((line) => line.startsWith('!'))).toHaveLength(1);
  log.show(statusOf(progressOf([parked('a', secondsAgo(-40))])), NOW);
  expect(lines.filter((line) => line.startsWith('!'))).toHaveLength(2);
});

test('holds are told in the order of the stages, a pause first', () => {
  const gated = stage('b', { state: 'gated', gate: 'Go on?' });
  const holds = holdsOf(progressOf([gated, parked('c', null)], { paused: record() }));
  expect(holds.map(({ kind }) => kind)).toEqual(['paused', 'gated', 'parked']);
});

test('episodes of collections under way are counted at their stage, and at no other of a similar name', () => {
  const playing = (id: string, finished: number) =>
    stage(id, { state: 'running', episodes: { finished, planned: 40 } });
  const progress = progressOf([playing('BC/choose', 16), playing('BC/choose2', 0)]);
  const collection = (name: string, finished: number) => ({
    workflowId: `campaign/x/${name}`,
    finished,
    planned: 16,
  });
  const { stages } = withCollections(progress, [
    collection('BC/choose/0', 3),
    collection('BC/choose/1', 4),
    collection('BC/choose2', 5),
  ]);
  expect(stages.map(({ id, episodes }) => [id, episodes.finished])).toEqual([
    ['BC/choose', 23],
    ['BC/choose2', 5],
  ]);
});
