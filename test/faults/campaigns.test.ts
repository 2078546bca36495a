import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../../deploy/local/checkout';
import { readLog } from '../../artifacts/campaignLog';
import { TINY } from '../support/campaignRuns';
import { runCommandLine, type Spec } from '../support/controlledSystem';
import { FaultSystem, stageOf, TESTER, untilParked, untilStage } from '../support/faultSystem';
import { CALLS_AN_EPISODE } from '../support/scripts';

let faults: FaultSystem;
beforeAll(async () => {
  faults = await FaultSystem.open();
  await faults.startWorkers();
});
beforeEach(() => faults.reset());
afterAll(() => faults.close());

const gatedAt = (stage: string) => (spec: Spec) => (spec['gates'] = [{ before: stage, ask: 'Shall it?' }]);

test('a campaign started, approved or rejected more than once is started and decided once; who comes late is refused, on record', async () => {
  const plan = await faults.plan('doubled', gatedAt('BC/filter'));
  const start = () => faults.campaigns.start({ campaign: 'doubled', plan });
  const started = await Promise.all([start(), start(), start()]);
  expect(started.map(({ joined }) => joined).sort()).toEqual([false, true, true]);
  const [{ campaign }] = started;
  const otherPlan = await faults.plan('doubled', (spec) => (spec['seed'] = 1));
  await expect(faults.campaigns.start({ campaign: 'doubled', plan: otherPlan })).rejects.toMatchObject({
    code: 'OTHER_PLAN',
  });
  await untilStage(campaign, 'BC/filter', 'gated');
  const [first, second] = await Promise.all([
    campaign.approve('BC/filter', TESTER),
    campaign.approve('BC/filter', TESTER),
  ]);
  expect(second).toEqual(first);
  await expect(campaign.reject('BC/filter', { who: 'late', why: 'no' })).rejects.toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining('decided before: tester chose to approve'),
  });
  await campaign.result();
  await expect(campaign.approve('BC/filter', TESTER)).rejects.toMatchObject({ code: 'ENDED' });
  const kept = (await readLog(faults.store, 'doubled')).flatMap(({ entry: { event } }) =>
    event.kind === 'steering' ? [event.record] : [],
  );
  expect(kept.map(({ who, kind, refused }) => [who, kind, refused !== null])).toEqual([
    ['tester', 'approve', false],
    ['late', 'reject', true],
  ]);
  expect(faults.provider.calls).toHaveLength(16 * CALLS_AN_EPISODE);
});

const LENIENT = { policy: 'paper-sr', share: 0.5 };

test('a filter that keeps too few parks the stage before anything is made of it; amended, the campaign goes on with what it keeps then', async () => {
  const filteredBy = (filter: object) => (spec: Spec) => (spec['rounds'][0].filter = filter);
  const campaign = await faults.start('picky', filteredBy({ policy: 'threshold', minimumGoal: 10 }));
  expect(await untilParked(campaign, 'BC/filter')).toMatchObject({
    type: 'TOO_FEW_KEPT',
    message: expect.stringMatching(/keeps 0 training rows of 12 episodes; at least 1/),
    nextTryAt: null,
  });
  const { key } = (await stageOf(campaign, 'BC/filter')) ?? {};
  expect(await faults.store.list(`stages/${key}`)).toEqual([]);
  await campaign.amend(await faults.plan('picky', filteredBy(LENIENT)), TESTER);
  const { stages } = await campaign.result();
  expect(stages.find(({ id }) => id === 'BC/filter')?.counts['rows']).toBeGreaterThan(0);
  expect(faults.provider.calls).toHaveLength(16 * CALLS_AN_EPISODE);
});

test('whoever only reads may be killed, and lose all it has: the campaign goes on, and a stranger finds it again', async () => {
  faults.provider.latencyMs = 200;
  const campaign = await faults.start('watched');
  const folder = mkdtempSync(join(tmpdir(), 'pi-loop-reader-'));
  const watch = spawn(process.execPath, [built('cli/main.js'), 'watch', 'watched'], {
    env: faults.system.environment,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(watch.stderr, 'data');
  watch.kill('SIGKILL');
  rmSync(folder, { recursive: true });
  await campaign.result();
  const elsewhere = mkdtempSync(join(tmpdir(), 'pi-loop-reader-'));
  const pi = (...args: string[]) => runCommandLine(args, faults.system.environment, elsewhere);
  try {
    const listed = JSON.parse((await pi('list', '--json')).output) as { campaign: string; state: string }[];
    expect(listed).toContainEqual(expect.objectContaining({ campaign: 'watched', state: 'completed' }));
    expect(JSON.parse((await pi('result', 'watched', '--json')).output)).toMatchObject({
      results: [{ policy: 'expert', episodes: 4 }],
    });
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

describe('what leads elsewhere is refused, and no server is asked for it', () => {
  const asked: string[] = [];
  beforeEach(() => {
    asked.length = 0;
    faults.onExchange = ({ method, path }) => void asked.push(`${method} ${path}`);
  });

  const ELSEWHERE = ['../../evil', 'a/../b', '/etc/passwd', '..', 'a b', ''];

  test.each(ELSEWHERE)('a campaign called "%s"', async (id) => {
    const start = faults.campaigns.start({ campaign: id, plan: 'f'.repeat(64) });
    await expect(start).rejects.toMatchObject({ code: 'INVALID_ID' });
    await expect(faults.campaigns.find(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('on the command line as well', async () => {
    const nowhere = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1', S3_ENDPOINT: 'http://127.0.0.1:1' };
    const ran = await runCommandLine(
      ['start', TINY, '--id', '../../evil'],
      nowhere,
      faults.system.state.root,
    );
    expect(ran).toMatchObject({
      code: 2,
      errors: expect.stringContaining("'../../evil' is invalid. expected letters"),
    });
  });

  test('digests that are none, or of something else, at an amendment; the campaign goes on', async () => {
    const campaign = await faults.start('steadfast', gatedAt('BC/filter'));
    await untilStage(campaign, 'BC/filter', 'gated');
    const { digest: other } = await faults.store.putJson({ no: 'plan' }, 'other.json');
    const foreign = await faults.plan('another-campaign');
    asked.length = 0;
    const refusals: Record<string, RegExp> = {
      '../../campaigns/steadfast.json': /nothing of this digest in the store/,
      ['f'.repeat(64)]: /nothing of this digest in the store/,
      [other.sha256]: /is no plan/,
      [foreign]: /a plan of campaign "another-campaign"/,
    };
    for (const [digest, why] of Object.entries(refusals)) {
      const amended = campaign.amend(digest, TESTER);
      await expect(amended).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringMatching(why) });
    }
    expect(asked.filter((request) => request.includes('..'))).toEqual([]);
    await campaign.approve('BC/filter', TESTER);
    await campaign.result();
  });

  test('stages that are none', async () => {
    const campaign = await faults.start('unstaged', gatedAt('BC/filter'));
    await untilStage(campaign, 'BC/filter', 'gated');
    for (const stage of ['../BC/filter', 'campaigns/unstaged', ''])
      await expect(campaign.approve(stage, TESTER)).rejects.toMatchObject({ code: 'REFUSED' });
    await campaign.cancel();
  });
});
