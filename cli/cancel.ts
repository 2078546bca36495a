import type { Command } from 'commander';
import { findCampaign } from './campaigns';
import { connectClient } from './connect';
import { CommandError } from './commandError';
import { type CommonOptions, printJson, withCommonOptions } from './options';

export function registerCancel(program: Command): void {
  withCommonOptions(program.command('cancel <campaign>'))
    .description('stop a campaign; everything made is kept, and starting it again goes on from there')
    .action(async (campaign: string, options: CommonOptions) => {
      const { client, close } = await connectClient(options.state);
      try {
        const handle = await findCampaign(client, campaign);
        const { status } = await handle.describe();
        if (status.name !== 'RUNNING')
          throw new CommandError(
            `Campaign "${campaign}" is not running: it is ${status.name.toLowerCase()}.`,
          );
        await handle.cancel();
        await handle.result().catch(() => undefined);
        if (options.json) printJson({ campaign, state: 'cancelled' });
        else
          console.log(
            `Campaign "${campaign}" is cancelled. What it made is kept; \`pi-loop start\` goes on from there.`,
          );
      } finally {
        await close();
      }
    });
}
