import type { Command } from 'commander';
import { printJson } from './options';
import { renderPlan } from './render/planTable';
import { resolveCampaign } from './resolveCampaign';

export function registerPlan(program: Command): void {
  program
    .command('plan <file>')
    .description('print the stages of a campaign file, with calls and tokens, before anything starts')
    .option('--json', 'print the plan as JSON', false)
    .action(async (file: string, { json }: { json: boolean }) => {
      const { plan } = await resolveCampaign(file);
      if (json) printJson(plan);
      else console.log(renderPlan(plan));
    });
}
