import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CHECKOUT } from '../deploy/local/checkout';
import { startLocalRuntime } from '../deploy/local/localRuntime';
import { Campaigns } from '../client/campaigns';
import { type CampaignReport, readResults, reportCampaign } from './campaignResult';
import { connect } from './connect';
import { criticalPath } from './criticalPath';
import { type CommonOptions, parseSeed, printJson, withCommonOptions } from './options';
import { duration } from './render/duration';
import { renderPlan } from './render/planTable';
import { renderImport } from './render/importFindings';
import { renderResults } from './render/resultsTable';
import { resolveCampaign } from './resolveCampaign';
import { renderSamples, sampleDialogues } from './sampleDialogues';
import { startOrGoOn } from './startOrGoOn';
import { followCampaign } from './watch';

interface DemoOptions extends CommonOptions {
  file?: string;
  seed?: number;
}

const SAMPLES = 3;

export function registerDemo(program: Command): void {
  withCommonOptions(program.command('demo'))
    .description(
      'start the local runtime, run a small campaign with simulated models to its table, and stop again',
    )
    .option('--file <file>', 'campaign file; default: examples/demo.yaml')
    .option('--seed <n>', 'seed in place of the one in the file', parseSeed)
    .action(runDemo);
}

async function runDemo(options: DemoOptions): Promise<void> {
  const setup = Number(process.env['PI_LOOP_SETUP_SECONDS'] ?? 0);
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const resolved = await resolveCampaign(options.file ?? join(CHECKOUT, 'examples', 'demo.yaml'), {
    seed: options.seed,
  });
  const stateDirectory = resolve(options.state);
  say(
    `Campaign "${resolved.plan.campaign}", state in ${options.state}${existsSync(stateDirectory) ? ' (what is there is used again)' : ''}`,
  );
  say(`${renderPlan(resolved.plan)}\n`);
  if (resolved.imported) say(`${renderImport(resolved.imported)}\n`);
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const runtime = await startLocalRuntime({ stateDirectory, signal: stop.signal });
  try {
    const failed = runtime.failed.then((error) => Promise.reject(error));
    await Promise.race([runCampaign(resolved, { ...options, setup, signal: stop.signal }), failed]);
  } finally {
    await runtime.stop();
  }
}

async function runCampaign(
  resolved: Awaited<ReturnType<typeof resolveCampaign>>,
  options: DemoOptions & { setup: number; signal: AbortSignal },
): Promise<void> {
  const { client, store, close } = await connect(options.state);
  try {
    const { campaign } = resolved.plan;
    const startedAt = Date.now();
    const plan = await resolved.upload(store);
    const started = await startOrGoOn(new Campaigns(client), campaign, plan);
    const result = await followCampaign(client, started.campaign, { signal: options.signal });
    const seconds = (Date.now() - startedAt) / 1000;
    const results = await readResults(store, result);
    const report = reportCampaign(result, results, { setup: options.setup, campaign: seconds });
    await started.campaign.archived();
    if (options.json) return printJson(report);

    const names = { before: 'base', after: resolved.spec.rounds.at(-1)?.name ?? 'base' };
    const samples = await sampleDialogues(store, result, names, SAMPLES);
    console.log(`\n${renderSamples(samples, names)}\n`);
    console.log(renderResults(results, countsOf(result.stages)));
    console.log(closing(report, criticalPath(result.stages).stages, options.state));
  } finally {
    await close();
  }
}

/** Sums of what the campaign collected, for the table. */
function countsOf(stages: { id: string; counts: Record<string, number> }[]) {
  const total = (suffix: string, name: string) =>
    stages.filter(({ id }) => id.endsWith(suffix)).reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
  return {
    collected: total('/collect', 'episodes'),
    unrated: total('/collect', 'unrated'),
    kept: total('/filter', 'kept'),
  };
}

function closing({ seconds, stages, campaign }: CampaignReport, chain: string[], state: string): string {
  const reused = stages.filter(({ cached }) => cached).length;
  return [
    '',
    `Campaign: ${duration(seconds.campaign)}, ${reused} of ${stages.length} stages reused. The longest chain of stages' own work: ` +
      `${duration(seconds.longestChain)} (${chain.join(' → ')}).`,
    `Artifacts: ${join(state, 'buckets', 'pi-loop')} (S3 bucket "pi-loop": blobs by SHA-256, one manifest a stage).`,
    '',
    'Next:',
    '  npm run demo                          again: everything that is finished is reused',
    `  npx pi-loop up                        keep the runtime running; then, elsewhere: npx pi-loop result ${campaign}`,
    '  npx pi-loop plan examples/demo.yaml   copy the file, change it, and start your own: npx pi-loop start FILE --watch',
  ].join('\n');
}
