import type { Command } from 'commander';
import { Campaigns, type ListedCampaign } from '../client/campaigns';
import { readResults, reportCampaign } from './campaignResult';
import type { StageCost } from '../schemas/plan';
import type { CampaignResult } from '../workflows/messages';
import { connect } from './connect';
import { CommandError } from './commandError';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { readSpending } from './budget/readSpending';
import { askedModelsLine } from './render/askedModels';
import { moneySpentLine } from './render/moneySpent';
import { renderResults } from './render/resultsTable';

export function registerResult(program: Command): void {
  withCommonOptions(program.command('result <campaign>'))
    .description('print the result table of a finished campaign')
    .action(async (campaign: string, options: CommonOptions) => {
      const { client, store, close } = await connect(options.state);
      try {
        const campaigns = new Campaigns(client);
        const { handle } = await campaigns.find(campaign);
        const { status } = await handle.describe();
        if (status.name !== 'COMPLETED') {
          throw new CommandError(
            `Campaign "${campaign}" has no result: it is ${status.name.toLowerCase()}. \`pi-loop status ${campaign}\` shows more.`,
          );
        }
        const result = await handle.result();
        const results = await readResults(store, result);
        const seconds = secondsOf((await campaigns.list()).find((one) => one.campaign === campaign));
        const money = await readSpending(store, campaign);
        if (options.json)
          printJson({ ...reportCampaign(result, results, { setup: 0, campaign: seconds }), money });
        else
          console.log(
            [
              renderResults(results, {}),
              ...askedModelsLine(ownCosts(result)),
              ...moneySpentLine(campaign, money),
            ].join('\n'),
          );
      } finally {
        await close();
      }
    });
}

/** Of the stages that the campaign has made itself. */
const ownCosts = ({ stages }: CampaignResult): StageCost[] =>
  stages.flatMap(({ reused, cost }) => (reused ? [] : [cost]));

/** From its start to its end, waiting included. */
const secondsOf = (listed: ListedCampaign | undefined): number =>
  listed?.closedAt ? (Date.parse(listed.closedAt) - Date.parse(listed.startedAt)) / 1000 : 0;
