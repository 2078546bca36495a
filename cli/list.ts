import type { Command } from 'commander';
import { Campaigns } from '../client/campaigns';
import { connectClient } from './connect';
import { type CommonOptions, printJson, withCommonOptions } from './options';

export function registerList(program: Command): void {
  withCommonOptions(program.command('list'))
    .description('list the campaigns')
    .action(async (options: CommonOptions) => {
      const { client, close } = await connectClient(options.state);
      try {
        const campaigns = await new Campaigns(client).list();
        if (options.json) return printJson(campaigns);
        if (campaigns.length === 0) console.log('No campaigns yet. `pi-loop start FILE` starts one.');
        for (const { campaign, state, startedAt } of campaigns) {
          console.log(`${campaign.padEnd(32)} ${state.padEnd(12)} started ${startedAt}`);
        }
      } finally {
        await close();
      }
    });
}
