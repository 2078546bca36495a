import type { Command } from 'commander';
import { printJson } from './options';
import { type SteeringOptions, withCampaign, withSteeringOptions } from './withCampaign';

export function registerApprove(program: Command): void {
  withSteeringOptions(program.command('approve <campaign> <stage>'), 'approved by hand')
    .description('say yes to what a gate asks: the stage may start')
    .action((id: string, stage: string, options: SteeringOptions) =>
      withCampaign(options, id, async (campaign) => {
        const record = await campaign.approve(stage, options);
        if (options.json) printJson(record);
        else console.log(`Stage ${stage} of campaign "${id}" is approved, and starts.`);
      }),
    );
}

export function registerReject(program: Command): void {
  withSteeringOptions(program.command('reject <campaign> <stage>'))
    .description('say no to what a gate asks: the stage never starts')
    .action((id: string, stage: string, options: SteeringOptions) =>
      withCampaign(options, id, async (campaign) => {
        const record = await campaign.reject(stage, options);
        if (options.json) printJson(record);
        else
          console.log(
            `Stage ${stage} of campaign "${id}" is rejected. \`pi-loop amend ${id} FILE\` takes another way, \`pi-loop cancel ${id}\` none.`,
          );
      }),
    );
}
