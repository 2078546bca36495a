import type { Command } from 'commander';
import { Campaigns } from '../client/campaigns';
import { checkModels } from './checkModels';
import { connect } from './connect';
import { type CommonOptions, parseCampaignId, parseSeed, printJson, withCommonOptions } from './options';
import { renderImport } from './render/importFindings';
import { describeAsker } from './render/holds';
import { resolveCampaign } from './resolveCampaign';
import { type Started, startOrGoOn } from './startOrGoOn';
import { followCampaign, STAY } from './watch';

interface StartOptions extends CommonOptions {
  id?: string;
  seed?: number;
  probe: boolean;
  watch: boolean;
  stay: boolean;
}

export function registerStart(program: Command): void {
  withCommonOptions(program.command('start <file>'))
    .description('start a campaign, or go on with one that is parked or was cancelled')
    .option('--id <id>', 'id of the campaign; default: the name in the file', parseCampaignId)
    .option('--seed <n>', 'seed in place of the one in the file', parseSeed)
    .option('--no-probe', 'do not ask the models first what they offer')
    .option('--watch', 'stay and show the progress', false)
    .option(...STAY)
    .action(async (file: string, options: StartOptions) => {
      const resolved = await resolveCampaign(file, { campaign: options.id, seed: options.seed });
      if (resolved.imported) console.error(renderImport(resolved.imported));
      const { client, store, close } = await connect(options.state);
      try {
        const campaign = resolved.plan.campaign;
        const campaigns = new Campaigns(client);
        if (options.probe && !(await campaigns.has(campaign)))
          await checkModels(resolved.spec, options.state);
        const plan = await resolved.upload(store);
        const started = await startOrGoOn(campaigns, campaign, plan);
        if (options.json) printJson({ ...started, campaign });
        else console.log(describe(campaign, started));
        if (options.watch) await followCampaign(client, started.campaign, { stay: options.stay });
      } finally {
        await close();
      }
    });
}

function describe(campaign: string, { joined, paused, retried }: Started): string {
  const watch = `\`pi-loop watch ${campaign}\` shows its progress.`;
  if (!joined) return `Campaign "${campaign}" started. ${watch}`;
  if (paused)
    return `Campaign "${campaign}" is paused by ${describeAsker(paused, new Date())}; \`pi-loop resume ${campaign}\` goes on.`;
  const again = retried.length === 0 ? '' : ` Tried again: ${retried.join(', ')}.`;
  return `Campaign "${campaign}" runs already.${again} ${watch}`;
}
