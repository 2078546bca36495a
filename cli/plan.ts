import type { Command } from 'commander';
import { printJson } from './options';
import { renderFindings, renderImport } from './render/importFindings';
import { inert } from './render/inert';
import { renderPlan } from './render/planTable';
import { resolveCampaign } from './resolveCampaign';

interface PlanOptions {
  json: boolean;
  findings: boolean;
}

export function registerPlan(program: Command): void {
  program
    .command('plan <file>')
    .description('print the stages of a campaign file, with calls and tokens, before anything starts')
    .option('--json', 'print the plan as JSON', false)
    .option('--findings', 'list everything odd in the imported profile files, line by line', false)
    .action(async (file: string, { json, findings }: PlanOptions) => {
      const { plan, imported, missing } = await resolveCampaign(file, {}, 'optional');
      if (json) return printJson({ ...plan, findings: imported?.findings ?? [] });
      if (findings) return console.log(inert(renderFindings(imported?.findings ?? [])));
      console.log(renderPlan(plan));
      for (const folder of missing)
        console.log(`\nNot there yet: ${folder}. To start the campaign, put the model there.`);
      if (imported) console.log(`\n${renderImport(imported)}\n\`--findings\` lists them line by line.`);
    });
}
