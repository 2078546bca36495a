import { type Command, InvalidArgumentError } from 'commander';
import { Campaigns } from '../client/campaigns';
import type { RaisedLimits } from '../domain/plan/raiseLimit';
import { Dollars } from '../schemas/price';
import { CommandError } from './commandError';
import { connect } from './connect';
import { printJson } from './options';
import { type SteeringOptions, withSteeringOptions } from './withCampaign';

interface RaiseLimitOptions extends SteeringOptions, Omit<RaisedLimits, 'money'> {
  money?: number;
  roundMoney: Record<string, number>;
  roleMoney: Record<string, number>;
}

export function registerRaiseLimit(program: Command): void {
  withSteeringOptions(program.command('raise-limit <campaign>'))
    .description('raise limits of a campaign that runs, and try parked stages again')
    .option('--unrated-share <share>', 'share of unrated episodes that is allowed, 0 to 1', parseShare)
    .option('--model-calls <n>', 'calls of models that the whole campaign may make', parseCalls)
    .option('--money <dollars>', 'dollars that the whole campaign may spend on models', parseDollars)
    .option(
      '--round-money <round=dollars>',
      'dollars that a round may spend; may be repeated',
      parseNamed,
      {},
    )
    .option('--role-money <role=dollars>', 'dollars that a role may spend; may be repeated', parseNamed, {})
    .action(raiseLimit);
}

async function raiseLimit(id: string, options: RaiseLimitOptions): Promise<void> {
  const { unratedShare, modelCalls, money, roundMoney: rounds, roleMoney: roles } = options;
  const limits = { unratedShare, modelCalls, money: { campaign: money, rounds, roles } };
  const isNamed = [unratedShare, modelCalls, money, ...Object.values(rounds), ...Object.values(roles)];
  if (isNamed.every((limit) => limit === undefined))
    throw new CommandError(
      'Say which limit: --unrated-share, --model-calls, --money, --round-money or --role-money.',
      { exitCode: 2 },
    );
  const { client, store, close } = await connect(options.state);
  try {
    const campaign = await new Campaigns(client).find(id);
    const record = await campaign.raiseLimits(store, limits, options);
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

function parseDollars(text: string): number {
  const dollars = Dollars.safeParse(text.trim() === '' ? null : Number(text));
  if (dollars.success) return dollars.data;
  throw new InvalidArgumentError('expected dollars, such as 12.50');
}

function parseNamed(text: string, others: Record<string, number>): Record<string, number> {
  const [name = '', amount = ''] = text.split('=');
  return { ...others, [name]: parseDollars(amount) };
}
