import type { Command } from 'commander';
import { readCampaign } from '../audit/readCampaign';
import { forecastPlan, type PlanForecast } from '../domain/plan/forecast/forecastPlan';
import type { Plan } from '../schemas/plan';
import { openBucket } from './openBucket';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { type Compared, compareStage, renderComparison } from './render/comparisonTable';
import { renderForecast } from './render/forecastTable';
import { renderFindings, renderImport } from './render/importFindings';
import { inert } from './render/inert';
import { renderPlan } from './render/planTable';
import { terminalWidth } from './render/textTable';
import { resolveCampaign } from './resolveCampaign';

interface PlanOptions extends CommonOptions {
  findings: boolean;
  compare?: string;
}

export function registerPlan(program: Command): void {
  withCommonOptions(program.command('plan <file>'))
    .description(
      'print the stages of a campaign file, with what they are expected to take, before anything starts',
    )
    .option('--compare <campaign>', 'show beside it what this campaign took')
    .option('--findings', 'list everything odd in the imported profile files, line by line', false)
    .action(async (file: string, { json, findings, compare, state }: PlanOptions) => {
      const { plan, shape, imported, missing } = await resolveCampaign(file, {}, 'optional');
      const forecast = forecastPlan(plan, shape);
      if (compare !== undefined) {
        const compared = await compareWith(forecast, compare, state);
        return json
          ? printJson({ campaign: compare, stages: compared })
          : console.log(renderComparison(compared));
      }
      if (json) return printJson({ ...plan, findings: imported?.findings ?? [], forecast });
      if (findings) return console.log(inert(renderFindings(imported?.findings ?? [])));
      console.log(renderPlan(withGpuSeconds(plan, forecast)));
      console.log(`\n${inert(renderForecast(forecast, plan, terminalWidth()))}`);
      for (const folder of missing)
        console.log(`\nNot there yet: ${folder}. To start the campaign, put the model there.`);
      if (imported) console.log(`\n${renderImport(imported)}\n\`--findings\` lists them line by line.`);
    });
}

/** Of the stages that the campaign has finished, what was expected and what they took. Errors: ARTIFACT_*. */
async function compareWith({ stages }: PlanForecast, campaign: string, state: string): Promise<Compared[]> {
  const { bucket, close } = openBucket({ state });
  try {
    const { stages: finished } = await readCampaign(bucket, campaign);
    return stages.flatMap((forecast) => {
      const cost = finished.find(({ id }) => id === forecast.stage)?.result.cost;
      return cost ? [compareStage(forecast, cost)] : [];
    });
  } finally {
    close();
  }
}

/** With the seconds of devices that are to be expected. */
const withGpuSeconds = (plan: Plan, { stages }: PlanForecast): Plan => ({
  ...plan,
  stages: plan.stages.map((stage, index) => {
    const { training, serving } = stages[index] ?? {};
    const gpuSeconds = Math.round((training?.expected ?? 0) + (serving?.expected ?? 0));
    return { ...stage, estimate: { ...stage.estimate, gpuSeconds } };
  }),
});
