import { type Command, InvalidArgumentError } from 'commander';
import { Campaigns } from '../client/campaigns';
import type { RaisedLimits } from '../domain/plan/raiseLimit';
import { CommandError } from './commandError';
import { connect } from './connect';
import { printJson } from './options';
import { type SteeringOptions, withSteeringOptions } from './withCampaign';

interface RaiseLimitOptions extends SteeringOptions, RaisedLimits {}

export function registerRaiseLimit(program: Command): void {
  withSteeringOptions(program.command('raise-limit <campaign>'))
    .description('raise limits of a campaign that runs, and try parked stages again')
    .option('--unrated-share <share>', 'share of unrated episodes that is allowed, 0 to 1', parseShare)
    .option('--model-calls <n>', 'calls of models that the whole campaign may make', parseCalls)
    .action(raiseLimit);
}

async function raiseLimit(id: string, options: RaiseLimitOptions): Promise<void> {
  const { unratedShare, modelCalls } = options;
  if (unratedShare === undefined && modelCalls === undefined)
    throw new CommandError('Say which limit: --unrated-share or --model-calls.', { exitCode: 2 });
  const { client, store, close } = await connect(options.state);
  try {
    const campaign = await new Campaigns(client).find(id);
    const record = await campaign.raiseLimits(store, { unratedShare, modelCalls }, options);
    if (options.json) return printJson({ record });
    console.log(
      record
        ? `Campaign "${id}" goes on with the raised limit.`
        : `Campaign "${id}" is allowed as much already, or more. \`pi-loop amend\` lowers a limit.`,
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

function parseCalls(text: string): number {
  const calls = Number(text);
  if (Number.isInteger(calls) && calls > 0) return calls;
  throw new InvalidArgumentError('expected a whole number above 0');
}
