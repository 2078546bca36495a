import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CampaignFileError, readCampaignFile } from '../../cli/campaignFile';
import { resolveCampaign } from '../../cli/resolveCampaign';
import { CAMPAIGN, campaignFolder } from './campaignFixtures';

/** A campaign whose judge is no simulation, with these lines behind it. */
const withRealJudge = (...lines: string[]): string =>
  [CAMPAIGN.replace('simulated-judge, simulated: true', 'real-judge'), ...lines, ''].join('\n');

const MONEY = 'limits: { money: { campaign: 5, rounds: { BC: 2.5 }, roles: { judge: 1 } } }';

async function issuesOf(text: string): Promise<object[]> {
  const error = await readCampaignFile(campaignFolder(text).file).catch((reason: unknown) => reason);
  if (error instanceof CampaignFileError) return [...error.issues];
  throw new Error('expected a CampaignFileError');
}

test('a limit on money is refused where a model has no price; without one nothing needs prices', async () => {
  expect(await issuesOf(withRealJudge(MONEY))).toEqual([
    expect.objectContaining({
      path: 'models.judge.model',
      found: expect.stringContaining('for which no price is known'),
    }),
  ]);
  await expect(readCampaignFile(campaignFolder(withRealJudge()).file)).resolves.toBeDefined();
});

test('prices of the user’s own table and limits are whole numbers in the plan, and in no stage', async () => {
  const text = withRealJudge(MONEY, 'prices: prices.yaml');
  const { folder, file } = campaignFolder(text);
  writeFileSync(
    join(folder, 'prices.yaml'),
    'date: 2026-11-25\nsource: ours\nmodels: [{ provider: ours, model: real-judge, input: 0.1, output: 0.4 }]\n',
  );
  const { plan } = await resolveCampaign(file);
  expect(plan.limits.money).toEqual({
    campaign: 5_000_000_000,
    rounds: { BC: 2_500_000_000 },
    roles: { judge: 1_000_000_000 },
  });
  expect(plan.prices).toMatchObject({
    date: '2026-11-25',
    models: [{ model: 'real-judge', price: { input: 100_000, output: 400_000 } }],
  });
  const { plan: unlimited } = await resolveCampaign(campaignFolder(withRealJudge()).file);
  expect(plan.stages).toEqual(unlimited.stages);
});

test('rounds and GPUs that are not there, and tables that are none, are mistakes with their place', async () => {
  const wrong = [
    'limits: { money: { rounds: { BX: 1 } } }',
    'execution: { gpu: nvidia-h10 }',
    'prices: none.yaml',
  ];
  expect(await issuesOf([CAMPAIGN, ...wrong, ''].join('\n'))).toEqual([
    expect.objectContaining({ path: 'limits.money.rounds.BX', suggestion: 'BC' }),
    expect.objectContaining({ path: 'execution.gpu', suggestion: 'nvidia-h100' }),
    expect.objectContaining({ path: 'prices', found: expect.stringContaining('none.yaml') }),
  ]);
});
