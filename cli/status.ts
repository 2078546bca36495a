import type { Command } from 'commander';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { renderStatus } from './render/progress';
import { withCampaign } from './withCampaign';

export function registerStatus(program: Command): void {
  withCommonOptions(program.command('status <campaign>'))
    .description('show where a campaign is, what it waits on, and who changed its course')
    .action((id: string, options: CommonOptions) =>
      withCampaign(options, id, async (campaign) => {
        const status = await campaign.status();
        if (options.json) printJson(status);
        else console.log(renderStatus(status, new Date()));
      }),
    );
}
