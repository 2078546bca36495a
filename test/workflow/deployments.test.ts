import { ApplicationFailure } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { version } from '../../package.json';
import { campaignWorkflowId, TASK_QUEUES } from '../../schemas/names';
import { trainingCampaign } from '../../workflows';
import { campaignProgress, retryStage } from '../../workflows/messages';
import { artifact, fakeActivities } from '../support/fakeCampaign';
import { serving } from '../support/fakeServing';
import { until } from '../support/processes';
import {
  DEPLOYMENT,
  type FakeActivities,
  startTemporal,
  withWorkers,
  type WorkersOptions,
} from '../support/temporalServer';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(() => environment.teardown());

const buildOf = (commit: string) => `${version}+${commit}`;

/** New workflow runs begin with this version from now on. */
async function makeCurrent(commit: string): Promise<void> {
  const { workflowService } = environment.client;
  await until(`workers of ${commit} are known`, async () => {
    const set = workflowService.setWorkerDeploymentCurrentVersion({
      namespace: 'default',
      deploymentName: DEPLOYMENT,
      buildId: buildOf(commit),
    });
    return set.then(
      () => true,
      () => false,
    );
  });
}

/** Lets a test hold a campaign in the middle of a stage, and then have that stage fail. */
function held() {
  const fakes = fakeActivities();
  const filter = { asked: false, failing: true, goOn: () => undefined as void };
  const holding = new Promise<void>((resolve) => (filter.goOn = resolve));
  const filterEpisodes = async () => {
    filter.asked = true;
    await holding;
    if (filter.failing) throw ApplicationFailure.nonRetryable('too few', 'TOO_FEW_KEPT');
    return fakes.activities.filterEpisodes();
  };
  return { filter, activities: { ...fakes.activities, servePolicy: serving(fakes.log), filterEpisodes } };
}

test('a working campaign stays with its version, a waiting one goes with the newest and ends there', async () => {
  const { filter, activities } = held();
  const old = { commit: 'old' };
  const newer = { commit: 'newer', workflowsPath: require.resolve('../replay/changedWorkflows') };
  const workersOf = (options: WorkersOptions, body: () => Promise<void>) =>
    withWorkers(environment, activities as unknown as FakeActivities, body, options);

  const start = () =>
    environment.client.workflow.start(trainingCampaign, {
      workflowId: campaignWorkflowId('versioned'),
      taskQueue: TASK_QUEUES.orchestration,
      args: [{ campaign: 'versioned', plan: 'plan' }],
    });
  let handle: Awaited<ReturnType<typeof start>> | undefined;
  const buildNow = async () =>
    (await handle?.describe())?.raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;

  await workersOf(old, async () => {
    await makeCurrent('old');
    handle = await start();
    await until('it is in the middle of a stage', () => filter.asked);
    await workersOf({ ...newer, queues: [TASK_QUEUES.orchestration] }, async () => {
      await makeCurrent('newer');
      expect(await buildNow()).toBe(buildOf('old'));
      filter.goOn();
      await until('it is parked', async () => {
        const progress = await handle?.query(campaignProgress);
        return progress?.stages.some(({ state }) => state === 'parked') ?? false;
      });
      await until('it waits with the newest', async () => (await buildNow()) === buildOf('newer'), 60);
    });
  });

  await workersOf(newer, async () => {
    filter.failing = false;
    const asked = { request: 'once', who: 'tester', why: 'corrected' };
    await handle?.executeUpdate(retryStage, { args: [{ ...asked, stage: 'BC/filter' }] });
    expect((await handle?.result())?.results).toEqual(artifact('results'));
    expect(await buildNow()).toBe(buildOf('newer'));
  });
});
