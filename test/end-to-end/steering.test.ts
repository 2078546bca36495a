import { contentOf } from '../support/campaignRuns';
import { ControlledSystem, runCommandLine } from '../support/controlledSystem';
import { commandsBelow, until } from '../support/processes';
import { said, SmallCampaigns } from '../support/smallCampaign';

let system: ControlledSystem;
beforeAll(async () => {
  system = await ControlledSystem.start();
  await system.startStore();
});
afterAll(() => system.close());

/** Steps that the training under way has made. */
async function steps(campaigns: SmallCampaigns): Promise<number> {
  const { activities } = await campaigns.status('steered');
  const reports = activities.map(({ details }) => details as { step?: number } | null);
  return Math.max(0, ...reports.map((report) => report?.step ?? 0));
}

const trainers = () =>
  commandsBelow(process.pid).filter(({ command }) => command.includes('pi_trainer train'));

test('paused in training, resumed, and let through a gate, a campaign ends with the same digests', async () => {
  const campaigns = new SmallCampaigns(system);
  const longTraining = (name: string, gated: boolean) =>
    campaigns.file(name, (spec) => {
      Object.assign(spec['policy'].base.pretrain.recipe, { steps: 600, checkpointEvery: 200 });
      if (gated) spec['gates'] = [{ before: 'BC/train', ask: 'Are these dialogues fit to learn from?' }];
    });
  await system.startWorkers();
  await campaigns.succeed('start', longTraining('plain', false));
  const expected = contentOf(await campaigns.result('plain'));

  // In another bucket nothing is there to be reused.
  const bucket = { S3_BUCKET: 'another' };
  await system.startWorkers(bucket);
  const pi = (...args: string[]) =>
    runCommandLine(args, { ...system.environment, ...bucket }, system.state.root);
  const steered = new SmallCampaigns(system, pi);
  await steered.succeed('start', longTraining('steered', true));
  await until('it has trained for a while', async () => (await steps(steered)) > 0);

  const paused = await steered.succeed('pause', 'steered', '--who', 'anna', '--why', 'the machine is needed');
  expect(paused).toContain('Freed: 1 slot of gpu-train');
  expect(trainers()).toEqual([]);
  expect(await steered.succeed('pause', 'steered')).toMatch(
    /paused already, by anna .*the machine is needed/,
  );
  expect(await steered.succeed('list')).toMatch(/^steered +paused/m);
  const watched = said(await pi('watch', 'steered'));
  expect(watched).toMatchObject({
    code: 1,
    text: expect.stringContaining('`pi-loop resume steered` goes on'),
  });

  await steered.succeed('resume', 'steered');
  await steered.untilStage('steered', 'BC/train', 'gated');
  await steered.succeed('approve', 'steered', 'BC/train');
  const late = said(await pi('reject', 'steered', 'BC/train', '--why', 'on second thoughts'));
  expect(late).toMatchObject({ code: 1, text: expect.stringContaining('was decided before') });

  expect(contentOf(await steered.result('steered'))).toEqual(expected);
  const { progress } = await steered.status('steered');
  expect(progress?.steering.map(({ kind, refused }) => [kind, refused === null])).toEqual([
    ['pause', true],
    ['resume', true],
    ['approve', true],
    ['reject', false],
  ]);
});

test('what cannot be done is refused with the reason, and nothing is tried', async () => {
  const unknown = said(await system.pi('pause', 'nowhere'));
  expect(unknown).toMatchObject({ code: 1, text: expect.stringContaining('There is no campaign "nowhere"') });
  const ended = said(await system.pi('resume', 'plain'));
  expect(ended).toMatchObject({ code: 1, text: expect.stringContaining('"plain" is completed') });
});
