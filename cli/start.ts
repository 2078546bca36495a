import type { Command } from 'commander';
import { startCampaign } from './campaigns';
import { connect } from './connect';
import { type CommonOptions, parseSeed, printJson, withCommonOptions } from './options';
import { renderImport } from './render/importFindings';
import { resolveCampaign } from './resolveCampaign';
import { followCampaign } from './watch';

interface StartOptions extends CommonOptions {
  id?: string;
  seed?: number;
  watch: boolean;
}

export function registerStart(program: Command): void {
  withCommonOptions(program.command('start <file>'))
    .description('start a campaign, or go on with one that failed or was cancelled')
    .option('--id <id>', 'id of the campaign; default: the name in the file')
    .option('--seed <n>', 'seed in place of the one in the file', parseSeed)
    .option('--watch', 'stay and show the progress', false)
    .action(async (file: string, options: StartOptions) => {
      const resolved = await resolveCampaign(file, { campaign: options.id, seed: options.seed });
      if (resolved.imported) console.error(renderImport(resolved.imported));
      const { client, store, close } = await connect(options.state);
      try {
        const campaign = resolved.plan.campaign;
        const { handle, joined } = await startCampaign(client, {
          campaign,
          plan: await resolved.upload(store),
        });
        if (options.json) printJson({ campaign, joined });
        else
          console.log(
            joined
              ? `Campaign "${campaign}" runs already.`
              : `Campaign "${campaign}" started. \`pi-loop watch ${campaign}\` shows its progress.`,
          );
        if (options.watch) await followCampaign(client, handle);
      } finally {
        await close();
      }
    });
}
