import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { AppendToLogInput } from '../../activities/campaignLog';
import type { LogHead } from '../../schemas/attestation';
import { amend, decideGate, pause, resume, retryStage } from '../../workflows/messages';
import { artifact, fakeActivities, OUTLINE } from '../support/fakeCampaign';
import { serving, untilCancelled } from '../support/fakeServing';
import { until } from '../support/processes';
import {
  failing,
  progressOf,
  stageOf,
  startSteeredCampaign,
  untilQuiet,
  untilStage,
} from '../support/steeredCampaign';
import { type FakeActivities, startTemporal, withWorkers } from '../support/temporalServer';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(() => environment.teardown());

let number = 0;
const asked = (why = 'for the test') => ({ request: `request-${++number}`, who: 'tester', why });

const startCampaign = () => startSteeredCampaign(environment);

const refused = (message: RegExp) => ({
  cause: { type: 'STEERING_REFUSED', message: expect.stringMatching(message) },
});

test('a stage that cannot go on is parked with its reason; the others finish; a retry goes on from there', async () => {
  const { activities, fault, log } = failing('TOO_FEW_KEPT');
  await withWorkers(environment, activities, async () => {
    const handle = await startCampaign();
    await untilQuiet(handle);
    expect(await stageOf(handle, 'BC/filter')).toMatchObject({
      state: 'parked',
      parking: { type: 'TOO_FEW_KEPT', message: 'TOO_FEW_KEPT happened', nextTryAt: null },
    });
    expect(await stageOf(handle, 'evaluate/base')).toMatchObject({ state: 'finished' });
    expect((await handle.describe()).memo).toMatchObject({ waiting: 'parked' });
    const before = log.length;
    fault.on = false;
    await handle.executeUpdate(retryStage, { args: [{ ...asked(), stage: 'BC/filter' }] });
    const result = await handle.result();
    expect(result.results).toEqual(artifact('results'));
    expect(result.stages.filter(({ reused }) => reused)).toEqual([]);
    expect(log.slice(before).filter((entry) => entry.startsWith('play BC/collect'))).toEqual([]);
  });
});

test('a cause that lies outside is looked for again without anybody’s doing', async () => {
  const { activities, fault } = failing('STORAGE_DENIED');
  await withWorkers(environment, activities, async () => {
    const handle = await startCampaign();
    await untilQuiet(handle);
    const { parking } = (await stageOf(handle, 'BC/filter')) ?? {};
    expect(Date.parse(parking?.nextTryAt ?? '') - Date.parse(parking?.since ?? '')).toBeGreaterThan(10_000);
    fault.on = false;
    await handle.result();
  });
});

test('a retry after a model’s failure asks the model first, as a try by itself does', async () => {
  const { activities, fault, log } = failing('MODEL_SNAPSHOT_CHANGED');
  await withWorkers(environment, activities, async () => {
    const handle = await startCampaign();
    await untilQuiet(handle);
    expect(log).not.toContain('probe');
    fault.on = false;
    await handle.executeUpdate(retryStage, { args: [{ ...asked(), stage: 'BC/filter' }] });
    await handle.result();
    expect(log).toContain('probe');
  });
});

test('a pause stops what runs and frees its slot, resume goes on; both twice are once', async () => {
  const { activities, log } = fakeActivities();
  const trained: string[] = [];
  const training = { interrupted: 0 };
  const slow = {
    ...activities,
    servePolicy: serving(log),
    trainPolicy: (input: { stage: string }) => {
      trained.push(input.stage);
      if (training.interrupted > 0) return activities.trainPolicy(input);
      return untilCancelled().finally(() => (training.interrupted += 1));
    },
  };
  await withWorkers(environment, slow as FakeActivities, async () => {
    const handle = await startCampaign();
    await until('it trains', () => trained.length > 0);
    const first = await handle.executeUpdate(pause, { args: [asked('lunch')] });
    expect(await handle.executeUpdate(pause, { args: [asked('again')] })).toEqual(first);
    await untilQuiet(handle);
    expect(training.interrupted).toBe(1);
    expect(await stageOf(handle, 'base')).toMatchObject({ state: 'paused' });
    expect(await progressOf(handle)).toMatchObject({ paused: { who: 'tester', why: 'lunch' } });

    const request = asked();
    const resumed = await handle.executeUpdate(resume, { args: [request] });
    expect(await handle.executeUpdate(resume, { args: [request] })).toEqual(resumed);
    const { stages } = await handle.result();
    expect(stages).toHaveLength(OUTLINE.stages.length);
    expect(log.filter((entry) => /^(pause|resume) /.test(entry)).sort()).toEqual(['pause 1', 'resume 2']);
  });
});

const GATED = {
  ...OUTLINE,
  stages: OUTLINE.stages.map((stage) =>
    stage.id === 'BC/train' ? { ...stage, gate: 'Fit to train on?' } : stage,
  ),
};

test('a gate opens once: early and late decisions are refused, and the late one is on record', async () => {
  const { activities, log } = fakeActivities(GATED);
  const gated = { ...activities, servePolicy: serving(log) };
  await withWorkers(environment, gated as FakeActivities, async () => {
    const handle = await startCampaign();
    await untilQuiet(handle);
    expect(log.filter((entry) => entry.startsWith('train'))).toEqual(['train base']);
    const decide = (approved: boolean, stage = 'BC/train') =>
      handle.executeUpdate(decideGate, { args: [{ ...asked(), stage, approved }] });
    await expect(decide(true, 'base')).rejects.toMatchObject(refused(/has no gate/));
    await expect(decide(true, 'no/stage')).rejects.toMatchObject(refused(/There are corpus, base/));
    const approved = await decide(true);
    expect(approved).toMatchObject({ kind: 'approve', who: 'tester' });
    expect(await decide(true)).toEqual(approved);
    await expect(decide(false)).rejects.toMatchObject(refused(/decided before: tester chose to approve/));
    await handle.result();
    expect(log.filter((entry) => /approve|reject/.test(entry)).sort()).toEqual([
      'approve 1',
      'refused to reject 2',
    ]);
  });
});

test('a rejected gate stays shut until an amendment changes what leads to it', async () => {
  const { activities, log } = fakeActivities(GATED);
  const gated = {
    ...activities,
    servePolicy: serving(log),
    comparePlans: async () => ({
      unusable: null,
      changes: [{ stage: 'BC/train', path: 'recipe.steps', from: '1', to: '2' }],
      redefined: ['BC/train'],
    }),
  };
  await withWorkers(environment, gated as FakeActivities, async () => {
    const handle = await startCampaign();
    await untilQuiet(handle);
    const decision = { ...asked(), stage: 'BC/train' };
    await handle.executeUpdate(decideGate, { args: [{ ...decision, approved: false }] });
    await untilStage(handle, 'BC/train', 'parked');
    await expect(handle.executeUpdate(resume, { args: [asked()] })).rejects.toMatchObject(
      refused(/nothing to resume/),
    );
    const amended = await handle.executeUpdate(amend, { args: [{ ...asked(), plan: 'other' }] });
    expect(amended).toMatchObject({
      kind: 'amend',
      stages: ['BC/train'],
      changes: [{ path: 'recipe.steps' }],
    });
    await untilStage(handle, 'BC/train', 'gated');
    await handle.executeUpdate(decideGate, { args: [{ ...asked(), stage: 'BC/train', approved: true }] });
    expect((await handle.result()).plan).toBe('other');
  });
});

test('an amendment of what has run already is refused, with the stages it would change', async () => {
  const { activities } = failing('TOO_FEW_KEPT');
  const changing = {
    ...activities,
    comparePlans: async () => ({
      unusable: null,
      changes: [{ stage: 'base', path: 'seed', from: '1', to: '2' }],
      redefined: ['base', 'BC/filter'],
    }),
  };
  await withWorkers(environment, changing as FakeActivities, async () => {
    const handle = await startCampaign();
    await untilQuiet(handle);
    await expect(
      handle.executeUpdate(amend, { args: [{ ...asked(), plan: 'other' }] }),
    ).rejects.toMatchObject(refused(/base \(finished\)/));
    await expect(
      handle.executeUpdate(amend, { args: [{ ...asked(), plan: 'other', instead: 'another' }] }),
    ).rejects.toMatchObject(refused(/amended meanwhile/));
    expect(await progressOf(handle)).toMatchObject({ plan: 'plan', steering: [] });
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancel');
  });
});

test('a campaign that is cancelled while its run gives way to the next one ends all the same', async () => {
  const { activities } = failing('TOO_FEW_KEPT');
  let reached = () => {};
  let release = () => {};
  const isReached = new Promise<void>((resolve) => (reached = resolve));
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  const held = {
    ...activities,
    appendToLog: async (input: AppendToLogInput) => {
      if (input.entries.some(({ event }) => event.kind === 'stage-parked')) {
        reached();
        await isReleased;
      }
      return (activities['appendToLog'] as (entries: AppendToLogInput) => Promise<LogHead>)(input);
    },
  };
  await withWorkers(environment, held as FakeActivities, async () => {
    const handle = await startCampaign();
    await isReached;
    await untilStage(handle, 'evaluate/base', 'finished');
    await handle.cancel();
    release();
    await expect(handle.result()).rejects.toThrow('cancel');
  });
});

test('a parked campaign goes on after its code was changed twice in ways that no running one would survive', async () => {
  const { activities, fault } = failing('TOO_FEW_KEPT');
  const changed = require.resolve('../replay/changedWorkflows');
  const handle = await withWorkers(environment, activities, async () => {
    const started = await startCampaign();
    await untilQuiet(started);
    return started;
  });
  const tryAgain = () => handle.executeUpdate(retryStage, { args: [{ ...asked(), stage: 'BC/filter' }] });
  await withWorkers(
    environment,
    activities,
    async () => {
      await tryAgain();
      await untilStage(handle, 'BC/filter', 'parked');
      await untilQuiet(handle);
    },
    { workflowsPath: changed },
  );
  await withWorkers(environment, activities, async () => {
    fault.on = false;
    await tryAgain();
    expect((await handle.result()).results).toEqual(artifact('results'));
  });
});
