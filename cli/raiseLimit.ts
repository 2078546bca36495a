import { type Command, InvalidArgumentError } from 'commander';
import { Campaigns } from '../client/campaigns';
import { connect } from './connect';
import { printJson } from './options';
import { type SteeringOptions, withSteeringOptions } from './withCampaign';

interface RaiseLimitOptions extends SteeringOptions {
  unratedShare: number;
}

export function registerRaiseLimit(program: Command): void {
  withSteeringOptions(program.command('raise-limit <campaign>'))
    .description('raise a limit of all stages of a campaign that runs, and try parked stages again')
    .requiredOption(
      '--unrated-share <share>',
      'share of unrated episodes that is allowed, 0 to 1',
      parseShare,
    )
    .action(raiseLimit);
}

async function raiseLimit(id: string, options: RaiseLimitOptions): Promise<void> {
  const { client, store, close } = await connect(options.state);
  try {
    const campaign = await new Campaigns(client).find(id);
    const record = await campaign.raiseLimit(store, options.unratedShare, options);
    if (options.json) return printJson({ record });
    console.log(
      record
        ? `Campaign "${id}" allows a share of ${options.unratedShare} unrated episodes from now on.`
        : `Campaign "${id}" allows a share of ${options.unratedShare} unrated episodes already, or more. \`pi-loop amend\` lowers a limit.`,
    );
  } finally {
    await close();
  }
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('expected a number from 0 to 1');
}
