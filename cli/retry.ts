import type { Command } from 'commander';
import { printJson } from './options';
import { type SteeringOptions, withCampaign, withSteeringOptions } from './withCampaign';

export function registerRetry(program: Command): void {
  withSteeringOptions(program.command('retry <campaign> <stage>'), 'retried by hand')
    .description('try a parked stage again')
    .action((id: string, stage: string, options: SteeringOptions) =>
      withCampaign(options, id, async (campaign) => {
        const record = await campaign.retry(stage, options);
        if (options.json) printJson(record);
        else console.log(`Stage ${stage} of campaign "${id}" is tried again.`);
      }),
    );
}
