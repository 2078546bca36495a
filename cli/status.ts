import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { type MoneySpent, readSpending } from './budget/readSpending';
import { openBucket } from './openBucket';
import { moneySpentLine } from './render/moneySpent';
import { renderStatus } from './render/progress';
import { withCampaign } from './withCampaign';

export function registerStatus(program: Command): void {
  withCommonOptions(program.command('status <campaign>'))
    .description('show where a campaign is, what it waits on, and who changed its course')
    .action((id: string, options: CommonOptions) =>
      withCampaign(options, id, async (campaign) => {
        const status = await campaign.status();
        const money = await spendingOf(id, options);
        if (options.json) printJson({ ...status, money });
        else console.log([renderStatus(status, new Date()), ...moneySpentLine(id, money)].join('\n'));
      }),
    );
}

const STORE_ANSWERS_WITHIN_MS = 3_000;

/** The store may be away, which is no reason to say nothing of the campaign. */
async function spendingOf(campaign: string, { state }: CommonOptions): Promise<MoneySpent | null> {
  try {
    const { bucket, close } = openBucket({ state });
    const late = delay(STORE_ANSWERS_WITHIN_MS, null, { ref: false });
    return await Promise.race([readSpending(bucket, campaign), late]).finally(close);
  } catch {
    return null;
  }
}
