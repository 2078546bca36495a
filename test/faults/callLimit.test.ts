import { FaultSystem, TESTER, untilParked } from '../support/faultSystem';
import { until } from '../support/processes';

let faults: FaultSystem;
beforeAll(async () => {
  faults = await FaultSystem.open();
});
afterAll(() => faults.close());

const LIMIT = 900;
const SLOTS = { PI_LOOP_DIALOGUE_SLOTS: '512' };

test('a limit of calls is never passed, with 500 calls in flight and a worker killed; raised, the campaign goes on', async () => {
  const { provider } = faults;
  provider.latencyMs = 500;
  await faults.startWorkers(SLOTS);
  const campaign = await faults.start('capped', (spec) => {
    spec['limits'] = { modelCalls: LIMIT };
    spec['execution'] = { episodesInFlight: 500 };
    spec['rounds'] = [{ ...spec['rounds'][0], tasks: 50, pairsPerTask: 10 }];
  });
  await until('500 calls are in flight', () => provider.calls.length >= 500);
  await faults.killWorkers();
  await faults.startWorkers(SLOTS);
  const parking = await untilParked(campaign, 'BC/collect');
  expect(parking).toMatchObject({
    type: 'CALLS_EXHAUSTED',
    message: expect.stringContaining('pi-loop raise-limit capped --model-calls'),
  });
  expect(provider.calls.length).toBeGreaterThan(500);
  expect(provider.calls.length).toBeLessThanOrEqual(LIMIT);

  provider.latencyMs = 0;
  await campaign.raiseLimits(faults.store, { modelCalls: 100_000 }, TESTER);
  const { stages } = await campaign.result();
  expect(stages.find(({ id }) => id === 'BC/collect')?.counts).toMatchObject({ episodes: 500, unrated: 0 });
});
