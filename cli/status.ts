import type { Command } from 'commander';
import { findCampaign, readStatus } from './campaigns';
import { connectClient } from './connect';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { renderStatus } from './render/progress';

export function registerStatus(program: Command): void {
  withCommonOptions(program.command('status <campaign>'))
    .description('show where a campaign is and what it waits on')
    .action(async (campaign: string, options: CommonOptions) => {
      const { client, close } = await connectClient(options.state);
      try {
        const status = await readStatus(client, await findCampaign(client, campaign));
        if (options.json) printJson(status);
        else console.log(renderStatus(status, new Date()));
      } finally {
        await close();
      }
    });
}
