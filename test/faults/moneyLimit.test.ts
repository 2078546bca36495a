import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { keyIdOf } from '../../simulator/provider/books';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import { ledgerKey } from '../../artifacts/documentKeys';
import { openSigningKey } from '../../artifacts/signing/signingKey';
import { readUsage } from '../../cli/budget/providerUsage';
import { reconcileLedger } from '../../cli/budget/reconcileLedger';
import { WALLET_DEAD_AFTER_MS } from '../../domain/budget/lease';
import { bookedFor, EVERYTHING, heldFor, spentOn } from '../../domain/budget/ledger';
import { nanodollars } from '../../domain/prices/dollars';
import { Ledger } from '../../schemas/ledger';
import { Plan } from '../../schemas/plan';
import { EXPERT, FaultSystem, JUDGE, TESTER, untilParked } from '../support/faultSystem';
import { until } from '../support/processes';
import { script } from '../support/scripts';

const PRICE = { input: 2.5, cachedInput: 1.25, output: 10 };
/** In dollars: more than 500 calls in flight may cost at worst, less than all of the campaign's cost. */
const CAP = 4;
/** Batches of eight take a slot for each of their episodes. */
const SLOTS = { PI_LOOP_DIALOGUE_SLOTS: '1024' };

/** Until then, every call waits for its answer. */
let open: () => void;
const opened = new Promise<void>((resolve) => (open = resolve));

let faults: FaultSystem;
let provider: Provider;
beforeAll(async () => {
  faults = await FaultSystem.open();
  const settings = { price: PRICE };
  provider = await startProvider({
    settings: { models: { [EXPERT]: settings, [JUDGE]: settings } },
    answer: async ({ model, messages, seed }) => {
      await opened;
      return script({ model, messages: [...messages], seed: seed ?? 0 });
    },
  });
});
afterAll(async () => {
  await provider.stop();
  await faults.close();
});

const ledgerOf = async (campaign: string): Promise<Ledger> =>
  Ledger.parse(await faults.store.getDocument(ledgerKey(campaign), Ledger));

/** By its own books. */
const providersCount = () => provider.books.entries.reduce((sum, { cost }) => sum + cost, 0);

const cents = (amount: number) => Math.round(amount / nanodollars(0.01));

/** The search for how many calls bring most answers would not get there: nothing is answered. */
function providers(): string {
  const file = join(faults.system.state.root, 'providers.yaml');
  writeFileSync(file, JSON.stringify({ providers: [{ baseUrl: provider.baseUrl, callsAtOnce: 500 }] }));
  return file;
}

/** A table in which the models cost what the provider asks. */
function prices(): string {
  const file = join(faults.system.state.root, 'prices.yaml');
  const models = [EXPERT, JUDGE].map((model) => ({ provider: 'simulated', model, ...PRICE }));
  writeFileSync(file, JSON.stringify({ date: '2026-11-25', source: 'the test', models }));
  return file;
}

test('a limit on money is never passed, with 500 calls in flight and workers killed; then the ledger is the provider’s own count', async () => {
  const environment = {
    ...SLOTS,
    PROVIDER_URL: provider.baseUrl,
    PI_LOOP_PROVIDERS: providers(),
  };
  await faults.startWorkers(environment);
  const campaign = await faults.start('priced', (spec) => {
    spec['prices'] = prices();
    spec['limits'] = { money: { campaign: CAP } };
    spec['execution'] = { episodesInFlight: 500 };
    spec['rounds'] = [{ ...spec['rounds'][0], tasks: 100, pairsPerTask: 10 }];
    spec['evaluation'] = { tasks: 20, pairsPerTask: 5, bootstrapSamples: 100 };
  });
  await until('500 calls are in flight', () => provider.counts().inFlight >= 500);
  await faults.killWorkers();
  open();
  await until('the provider has answered them', () => provider.counts().inFlight === 0);
  const killed = await ledgerOf('priced');
  const held = bookedFor(killed, EVERYTHING).nanodollars;
  expect(held).toBeGreaterThanOrEqual(providersCount());
  expect(held).toBeLessThanOrEqual(nanodollars(CAP));

  await faults.startWorkers(environment);
  expect(await untilParked(campaign, 'BC/collect')).toMatchObject({
    type: 'MONEY_EXHAUSTED',
    message: expect.stringContaining('pi-loop raise-limit priced --money'),
  });
  await until('nothing is under way', () => provider.counts().inFlight === 0);
  expect(providersCount()).toBeLessThanOrEqual(nanodollars(CAP));
  expect(bookedFor(await ledgerOf('priced'), EVERYTHING).nanodollars).toBeLessThanOrEqual(nanodollars(CAP));

  await faults.killWorkers();
  const { prices: known } = await faults.store.getJson(await campaign.plan(), Plan);
  const reconciling = {
    campaign: 'priced',
    prices: known ?? { models: [] },
    count: () =>
      readUsage({
        baseUrl: provider.baseUrl,
        adminKey: 'admin',
        since: new Date(0),
        keys: [keyIdOf('none')],
        projects: [],
      }),
    ...TESTER,
  };
  const key = openSigningKey(join(faults.system.state.root, 'signing-key.pem'));
  await expect(reconcileLedger(faults.store, key, { ...reconciling, now: new Date() })).rejects.toThrow(
    'may still be spending',
  );
  const now = new Date(Date.now() + WALLET_DEAD_AFTER_MS);
  const ledger = await reconcileLedger(faults.store, key, { ...reconciling, now });
  expect(heldFor(ledger, EVERYTHING)).toEqual({ calls: 0, nanodollars: 0 });
  expect(cents(spentOn(ledger, EVERYTHING).nanodollars)).toBe(cents(providersCount()));
  const served = provider.books.entries.reduce((sum, { requests }) => sum + requests, 0);
  expect(spentOn(ledger, EVERYTHING).calls).toBe(served);

  await faults.startWorkers(environment);
  await campaign.raiseLimits(faults.store, { money: { campaign: 100 } }, TESTER);
  const { stages } = await campaign.result();
  expect(stages.find(({ id }) => id === 'BC/collect')?.counts).toMatchObject({ episodes: 1000, unrated: 0 });
  const end = await ledgerOf('priced');
  expect(cents(bookedFor(end, EVERYTHING).nanodollars)).toBe(cents(providersCount()));
});
