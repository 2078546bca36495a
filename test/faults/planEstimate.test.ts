import { ledgerKey } from '../../artifacts/documentKeys';
import { resolveCampaign } from '../../cli/resolveCampaign';
import { askingOf } from '../../domain/plan/forecast/forecastStage';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import { Ledger, type Role, ROLES } from '../../schemas/ledger';
import { Plan } from '../../schemas/plan';
import { withoutTraining } from '../support/dialoguePlan';
import { FaultSystem, PROVIDER } from '../support/faultSystem';
import { PAPER, PAPER_MODELS, playedByPrograms } from '../support/paperCampaign';

let faults: FaultSystem;
let provider: Provider;
beforeAll(async () => {
  faults = await FaultSystem.open();
  const models = Object.fromEntries(PAPER_MODELS.map((model) => [model, {}]));
  provider = await startProvider({ settings: { models } });
});
afterAll(async () => {
  await provider.stop();
  await faults.close();
});

type Kind = 'calls' | 'inputTokens' | 'outputTokens';

const expectedOf = ({ stages }: Plan, role: Role, kind: Kind): number =>
  stages
    .flatMap((stage) => askingOf({ ...stage, episodes: stage.estimate.episodes }))
    .filter((asking) => asking.role === role)
    .reduce((sum, asking) => sum + asking[kind].expected, 0);

const actualOf = ({ spending }: Ledger, role: Role, kind: Kind): number =>
  spending.filter((one) => one.role === role).reduce((sum, one) => sum + one[kind], 0);

test('the plan of the paper’s campaign is within a fifth of what is asked of its models, in calls and in tokens', async () => {
  await faults.startWorkers({ PROVIDER_URL: provider.baseUrl });
  const file = faults.system.campaignFile('paper', PAPER, (spec) => {
    playedByPrograms(spec, PROVIDER, faults.system.state.root);
    spec['rounds'] = [{ ...spec['rounds'][0], tasks: 10, pairsPerTask: 4 }];
    Object.assign(spec['evaluation'], { tasks: 8, devTasks: 0, pairsPerTask: 2 });
  });
  const resolved = await resolveCampaign(file);
  const plan = withoutTraining(await faults.store.getJson(await resolved.upload(faults.store), Plan));
  const { digest } = await faults.store.putJson(plan, 'plan.json');
  const { campaign } = await faults.campaigns.start({ campaign: 'paper', plan: digest.sha256 });
  await campaign.result();
  const ledger = Ledger.parse(await faults.store.getDocument(ledgerKey('paper'), Ledger));
  const ratios = ROLES.flatMap((role) =>
    (['calls', 'inputTokens', 'outputTokens'] as const).map((kind) => ({
      role,
      kind,
      ratio: expectedOf(plan, role, kind) / actualOf(ledger, role, kind),
    })),
  );
  const far = ratios.filter(({ ratio }) => !(Math.abs(ratio - 1) <= 0.2));
  expect(far).toEqual([]);

  // And for a person: how far off it was, what it cost, and that the books hold.
  const said = async (...args: string[]) => (await faults.system.pi(...args)).output;
  expect(await said('plan', file, '--compare', 'paper')).toMatch(/^in all .* %$/m);
  expect(await said('budget', 'paper')).toMatch(/^BC\/collect +judge +gpt-4o-2024-11-20 +40 /m);
  expect(await said('audit', 'verify', 'paper')).toMatch(/^Verified: campaign paper/m);
});
