import type { Command } from 'commander';
import { CommandError } from './commandError';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { withCampaign } from './withCampaign';

export function registerCancel(program: Command): void {
  withCommonOptions(program.command('cancel <campaign>'))
    .description(
      'stop a campaign for good; everything made is kept, and starting it again goes on from there',
    )
    .action((id: string, options: CommonOptions) =>
      withCampaign(options, id, async (campaign) => {
        const { status } = await campaign.handle.describe();
        if (status.name !== 'RUNNING')
          throw new CommandError(`Campaign "${id}" is not running: it is ${status.name.toLowerCase()}.`);
        await campaign.cancel();
        if (options.json) return printJson({ campaign: id, state: 'cancelled' });
        console.log(
          `Campaign "${id}" is cancelled. What it made is kept; \`pi-loop start\` goes on from there.`,
        );
      }),
    );
}
