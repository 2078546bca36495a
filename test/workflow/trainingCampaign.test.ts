import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { campaignWorkflowId, TASK_QUEUES } from '../../schemas/names';
import { trainingCampaign } from '../../workflows';
import { type CampaignProgress, campaignProgress } from '../../workflows/messages';
import { artifact, fakeActivities, from, OUTLINE, stage } from '../support/fakeCampaign';
import { serving, untilCancelled } from '../support/fakeServing';
import { type FakeActivities, startTemporal, withWorkers } from '../support/temporalServer';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(() => environment.teardown());

let campaigns = 0;

/** Promise.withResolvers, which Node 20 lacks. */
function signal() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function startCampaign() {
  const campaign = `test-${++campaigns}`;
  return environment.client.workflow.start(trainingCampaign, {
    workflowId: campaignWorkflowId(campaign),
    taskQueue: TASK_QUEUES.orchestration,
    args: [{ campaign, plan: 'plan' }],
  });
}

const run = (activities: object) =>
  withWorkers(environment, activities as FakeActivities, async () => (await startCampaign()).result());

test('runs every stage after its inputs and ends with the table', async () => {
  const { activities, log } = fakeActivities();
  const result = await run({ ...activities, servePolicy: serving(log) });
  expect(result.results).toEqual(artifact('results'));
  expect(result.stages.map(({ id }) => id)).toEqual(OUTLINE.stages.map(({ id }) => id));
  const commits = log
    .filter((entry) => entry.startsWith('commit'))
    .map((entry) => entry.slice('commit '.length));
  for (const { id, inputs } of OUTLINE.stages) {
    for (const input of Object.values(inputs))
      expect(commits.indexOf(input.stage)).toBeLessThan(commits.indexOf(id));
  }
});

test('every episode is played once', async () => {
  const { activities, log } = fakeActivities(OUTLINE, 120);
  await run({ ...activities, servePolicy: serving(log) });
  const collected = log.filter((entry) => entry.startsWith('play BC/collect'));
  expect(new Set(collected).size).toBe(120);
  expect(collected).toHaveLength(120);
});

test('a policy is served while a stage plays with it, and no server is left at the end', async () => {
  const { activities, log } = fakeActivities();
  await run({ ...activities, servePolicy: serving(log) });
  for (const id of ['base', 'BC/train']) {
    expect(log.filter((entry) => entry === `serve ${id} policy`)).toHaveLength(1);
    expect(log.filter((entry) => entry === `stop ${id} policy`)).toHaveLength(1);
  }
  expect(log.indexOf('stop base policy')).toBeGreaterThan(log.lastIndexOf('play evaluate/base 2'));
});

test('the time of the server that a stage plays with is booked to the stage', async () => {
  const { activities, log } = fakeActivities();
  const { stages } = await run({ ...activities, servePolicy: serving(log) });
  const gpuSeconds = (id: string) => stages.find((stage) => stage.id === id)?.cost.gpuSeconds;
  expect(gpuSeconds('evaluate/base')).toBeGreaterThan(0);
  expect(gpuSeconds('BC/collect')).toBe(0);
});

test('a second campaign with the same stages computes nothing again', async () => {
  const { activities, log } = fakeActivities();
  await run({ ...activities, servePolicy: serving(log) });
  const before = log.length;
  const again = await run(activities);
  expect(log.slice(before)).toEqual(['record']);
  expect(again.stages.every(({ reused }) => reused)).toBe(true);
});

test('two stages of one key in one campaign are computed once', async () => {
  const outline = {
    ...OUTLINE,
    stages: [
      ...OUTLINE.stages.slice(0, 4),
      stage('control/collect', 'collectEpisodes', { tasks: from('tasks', 'tasks') }),
      ...OUTLINE.stages.slice(4),
    ],
  };
  const { activities, log } = fakeActivities(outline);
  const result = await run({ ...activities, servePolicy: serving(log) });
  expect(log.filter((entry) => entry.startsWith('play') && entry.includes('/collect'))).toHaveLength(3);
  expect(result.stages.filter(({ id, reused }) => id.endsWith('/collect') && reused)).toHaveLength(1);
});

test('progress tells each stage’s state while the campaign runs', async () => {
  const { activities, log } = fakeActivities();
  const training = signal();
  const goOn = signal();
  const slow = {
    ...activities,
    servePolicy: serving(log),
    trainPolicy: async (input: { stage: string }) => {
      training.resolve();
      await goOn.promise;
      return activities.trainPolicy(input);
    },
  };
  await withWorkers(environment, slow as FakeActivities, async () => {
    const handle = await startCampaign();
    await training.promise;
    const progress: CampaignProgress = await handle.query(campaignProgress);
    const states = Object.fromEntries(progress.stages.map(({ id, state }) => [id, state]));
    expect(states).toMatchObject({
      corpus: 'finished',
      base: 'running',
      'BC/train': 'waiting',
      results: 'waiting',
    });
    goOn.resolve();
    await handle.result();
  });
});

test('cancelling ends the campaign and the servers', async () => {
  const { activities, log } = fakeActivities();
  const playing = signal();
  const endless = {
    ...activities,
    servePolicy: serving(log),
    playEpisodes: () => {
      playing.resolve();
      return untilCancelled();
    },
  };
  await withWorkers(environment, endless as FakeActivities, async () => {
    const handle = await startCampaign();
    await playing.promise;
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancel');
  });
  expect(log.filter((entry) => entry.startsWith('serve')).length).toBe(
    log.filter((entry) => entry.startsWith('stop')).length,
  );
});
