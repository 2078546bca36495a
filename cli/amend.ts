import type { Command } from 'commander';
import { Campaigns } from '../client/campaigns';
import { comparePlans } from '../domain/plan/comparePlans';
import { Plan } from '../schemas/plan';
import type { SteeringRecord } from '../schemas/steering';
import { connect } from './connect';
import { parseSeed, printJson } from './options';
import { renderChanges } from './render/planChanges';
import { resolveCampaign } from './resolveCampaign';
import { type SteeringOptions, withSteeringOptions } from './withCampaign';

interface AmendOptions extends SteeringOptions {
  seed?: number;
  dryRun: boolean;
}

export function registerAmend(program: Command): void {
  withSteeringOptions(program.command('amend <campaign> <file>'))
    .description(
      'let a campaign that runs follow a changed file; refused for stages that run or have finished',
    )
    .option('--seed <n>', 'seed in place of the one in the file', parseSeed)
    .option('--dry-run', 'show what would change, and change nothing', false)
    .action(amend);
}

async function amend(id: string, file: string, options: AmendOptions): Promise<void> {
  const resolved = await resolveCampaign(file, { campaign: id, seed: options.seed });
  const { client, store, close } = await connect(options.state);
  try {
    const campaign = await new Campaigns(client).find(id);
    const [plan, { progress }] = [await campaign.plan(), await campaign.status()];
    const comparison = comparePlans(await store.getJson(plan, Plan), resolved.plan);
    const same = comparison.changes.length === 0;
    if (!options.json)
      console.log(
        same
          ? `Campaign "${id}" follows this plan already.`
          : renderChanges(comparison, progress?.stages ?? []),
      );
    const record =
      same || options.dryRun ? null : await campaign.amend(await resolved.upload(store), options, plan);
    if (options.json) return printJson({ ...comparison, record });
    if (record) console.log(`Campaign "${id}" follows this plan from now on. ${takesEffect(record)}`);
  } finally {
    await close();
  }
}

const takesEffect = ({ stages }: SteeringRecord): string =>
  stages.length === 0
    ? 'No result of a stage changes by it.'
    : `It takes effect at ${stages.join(', ')}, and in what follows from there.`;
