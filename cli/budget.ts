import type { Command } from 'commander';
import { readCampaign } from '../audit/readCampaign';
import { ledgerKey } from '../artifacts/documentKeys';
import { publishSigner } from '../artifacts/signing/publishSigner';
import { NO_ENTRIES } from '../domain/budget/ledger';
import { Ledger } from '../schemas/ledger';
import { EnvironmentReference } from '../schemas/model';
import { readUsage } from './budget/providerUsage';
import { reconcileLedger } from './budget/reconcileLedger';
import { CommandError } from './commandError';
import { openStore } from './createStore';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { inert } from './render/inert';
import { renderLedger } from './render/ledgerTable';
import { signingKeyFor } from './signingKeyFor';
import { variablesOf } from './variables';
import { loginName } from './withCampaign';

interface BudgetOptions extends CommonOptions {
  reconcile: boolean;
  adminKeyEnv: string;
  apiKeyId: string[];
  project: string[];
  who: string;
  why: string;
}

export function registerBudget(program: Command): void {
  const several = (value: string, before: string[]) => [...before, value];
  withCommonOptions(program.command('budget <campaign>'))
    .description('show what a campaign has spent on models, by stage, role and kind of token')
    .option(
      '--reconcile',
      "put the provider's count in place of what is held for workers that are gone",
      false,
    )
    .option('--admin-key-env <name>', 'variable with a key that may read the usage', 'OPENAI_ADMIN_KEY')
    .option('--api-key-id <id>', "the provider's id of the campaign's key; may be repeated", several, [])
    .option('--project <id>', "the provider's id of the campaign's project; may be repeated", several, [])
    .option('--who <name>', 'who reconciles, for the record', loginName())
    .option('--why <reason>', 'why, for the record', "reconciled with the provider's count")
    .action(budget);
}

async function budget(id: string, options: BudgetOptions): Promise<void> {
  const store = openStore(options.state);
  try {
    const campaign = await readCampaign(store, id);
    const { plan } = campaign.plan;
    if (options.reconcile) {
      const key = signingKeyFor(options.state);
      await publishSigner(store, key);
      const count = () => countOf(campaign, options);
      const prices = plan.prices ?? { models: [] };
      await reconcileLedger(store, key, { campaign: id, prices, count, now: new Date(), ...options });
    }
    const ledger = (await store.getDocument(ledgerKey(id), Ledger)) ?? NO_ENTRIES;
    const own = campaign.stages.filter(({ reused }) => !reused);
    const gpuSeconds = own.reduce((sum, { result }) => sum + result.cost.gpuSeconds, 0);
    if (options.json)
      printJson({ campaign: id, limits: plan.limits, prices: plan.prices, ledger, gpuSeconds });
    else console.log(inert(renderLedger(plan, ledger, gpuSeconds)));
  } finally {
    store.close();
  }
}

/** What the providers of a campaign's priced models have counted. Errors: CommandError. */
async function countOf(
  { id, log, plan }: Awaited<ReturnType<typeof readCampaign>>,
  { state, adminKeyEnv, apiKeyId: keys, project: projects }: BudgetOptions,
) {
  const variables = variablesOf(state);
  const adminKey = variables[adminKeyEnv] ?? process.env[adminKeyEnv];
  if (!adminKey)
    throw new CommandError(`Set ${adminKeyEnv} to a key that may read the usage of your organisation.`);
  if (keys.length + projects.length === 0)
    throw new CommandError(
      `Say by --api-key-id or --project whose usage is that of "${id}" alone; the provider lists their ids.`,
      { exitCode: 2 },
    );
  const since = new Date(log[0]?.entry.at ?? 0);
  const addresses = (plan.plan.prices?.models ?? []).map(({ baseUrl }) =>
    baseUrl.replace(EnvironmentReference, (_, name: string) => variables[name] ?? process.env[name] ?? ''),
  );
  const asked = [...new Set(addresses)].map((baseUrl) =>
    readUsage({ baseUrl, adminKey, since, keys, projects }),
  );
  return (await Promise.all(asked)).flat();
}
