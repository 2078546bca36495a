import { ApplicationFailure } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Campaign } from '../../client/campaign';
import { Campaigns } from '../../client/campaigns';
import { campaignWorkflowId } from '../../schemas/names';
import type { SteeringRecord } from '../../schemas/steering';
import { fakeActivities, OUTLINE, steeringOf } from '../support/fakeCampaign';
import { serving } from '../support/fakeServing';
import { until } from '../support/processes';
import { type FakeActivities, startTemporal, withWorkers } from '../support/temporalServer';
import type { AppendToLogInput } from '../../activities/campaignLog';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(() => environment.teardown());

const CLIENTS = 4;
const ROUNDS = 5;
const REQUESTS = 100;

const GATED = {
  ...OUTLINE,
  stages: OUTLINE.stages.map((stage) => (stage.id === 'BC/filter' ? { ...stage, gate: 'Shall it?' } : stage)),
};

/** What every request says of itself in the record. */
const requests = Array.from({ length: REQUESTS }, (_, number) => ({
  request: `request-${number}`,
  who: 'late',
  why: 'too late',
}));

async function runsOf(campaign: Campaign): Promise<number> {
  const query = `WorkflowId = "${campaignWorkflowId(campaign.id)}"`;
  let runs = 0;
  for await (const _run of environment.client.workflow.list({ query })) runs += 1;
  return runs;
}

test('of 100 requests to a campaign that continues as new all the while, none is lost, and none is done twice however often it is asked', async () => {
  const { activities, log } = fakeActivities(GATED);
  const records = new Map<number, SteeringRecord>();
  const parked = {
    ...activities,
    servePolicy: serving(log),
    filterEpisodes: async () => {
      throw ApplicationFailure.nonRetryable('nothing is kept', 'TOO_FEW_KEPT');
    },
    appendToLog: async (input: AppendToLogInput) => {
      for (const record of steeringOf(input.entries)) {
        expect(records.get(record.number) ?? record).toEqual(record);
        records.set(record.number, record);
      }
      return activities.appendToLog(input);
    },
  };
  await withWorkers(environment, parked as FakeActivities, async () => {
    const { campaign } = await new Campaigns(environment.client).start({ campaign: 'busy', plan: 'plan' });
    const untilHeld = (held: 'gated' | 'parked') =>
      until(`it is ${held}`, async () => {
        const { state, progress } = await campaign.status();
        return state === held && progress?.stages.find(({ id }) => id === 'BC/filter')?.state === held;
      });
    await untilHeld('gated');
    await campaign.approve('BC/filter', { request: 'first', who: 'tester', why: 'in time' });
    await untilHeld('parked');
    const before = await runsOf(campaign);

    // A decision that comes too late is refused and put on record, in whatever state the campaign is; each wakes it up.
    const decide = async (asked: (typeof requests)[number]) => {
      const reject = campaign.reject('BC/filter', asked);
      await expect(reject).rejects.toMatchObject({ code: 'REFUSED' });
    };
    const client = async (mine: typeof requests) => {
      for (const asked of mine) await Promise.all([decide(asked), decide(asked)]);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      const now = requests.filter((_, number) => number % ROUNDS === round);
      const retry = () =>
        campaign.retry('BC/filter', { request: `retry-${round}`, who: 'driver', why: 'once more' });
      // A retry ends the run that waits, and begins one that works and then another that waits.
      const [retried] = await Promise.all([
        retry(),
        ...Array.from({ length: CLIENTS }, (_, one) =>
          client(now.filter((_asked, index) => index % CLIENTS === one)),
        ),
      ]);
      await untilHeld('parked');
      // Another run is asked by now, which must know what was done in those before.
      expect(await retry()).toEqual(retried);
      await Promise.all(now.slice(0, CLIENTS).map(decide));
    }

    await until('all runs are listed', async () => (await runsOf(campaign)) >= before + 2 * ROUNDS);
    const done = [...records.values()].sort((a, b) => a.number - b.number);
    expect(done.map(({ number }) => number)).toEqual(done.map((_, index) => index + 1));
    const retries = Array.from({ length: ROUNDS }, (_, round) => `retry-${round}`);
    const asked = ['first', ...retries, ...requests.map(({ request }) => request)];
    expect(done.map(({ request }) => request).sort()).toEqual(asked.sort());
    expect((await campaign.status()).progress?.steering).toEqual(done);
    await campaign.cancel();
  });
});
