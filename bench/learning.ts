import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { startCampaign } from '../cli/campaigns';
import { readResults } from '../cli/campaignResult';
import { connect, type Connected } from '../cli/connect';
import { renderResults } from '../cli/render/resultsTable';
import { resolveCampaign } from '../cli/resolveCampaign';
import { followCampaign } from '../cli/watch';
import { startLocalRuntime } from '../deploy/local/localRuntime';
import type { Comparison, Results } from '../schemas/evaluation';
import { checkoutDirectory } from '../workers/checkout';
import { describeMachine } from './machine';

interface LearningOptions {
  seeds: string;
  file?: string;
  state: string;
}

/** What must hold in each seed: better, worse, and the largest p of the paired difference in goal. */
const CLAIMS = [
  { better: 'BC', worse: 'base', p: 0.001 },
  { better: 'BC+SR', worse: 'BC', p: 0.01 },
  { better: 'BC+SR', worse: 'control-unfiltered', p: 0.05 },
  { better: 'BC+SR', worse: 'control-more-steps', p: 0.05 },
] as const;

export function registerLearning(program: Command): void {
  program
    .command('learning')
    .description(
      'base < BC < BC+SR, with controls, for several seeds: the same campaign with other randomness',
    )
    .option('--seeds <n>', 'how many seeds, from 1', '3')
    .option('--file <file>', 'campaign file; default: examples/learning.yaml')
    .option('--state <dir>', 'folder of the local runtime', '.pi-loop-learning')
    .action(benchLearning);
}

async function benchLearning(options: LearningOptions): Promise<void> {
  const seeds = Array.from({ length: Number(options.seeds) }, (_, index) => index + 1);
  const file = options.file ?? join(checkoutDirectory(), 'examples', 'learning.yaml');
  const runtime = await startLocalRuntime({ stateDirectory: resolve(options.state) });
  const connected = await connect(options.state);
  try {
    const measured = [];
    for (const seed of seeds) {
      const run = await runSeed(file, seed, connected);
      console.log(
        `\nseed ${seed}, ${run.seconds.toFixed(0)} s\n${renderResults(run.results, {})}\n${run.claims.map(renderClaim).join('\n')}`,
      );
      measured.push({ seed, ...run });
    }
    const failed = measured.flatMap(({ claims }) => claims).filter(({ holds }) => !holds).length;
    const path = join(checkoutDirectory(), 'bench', 'results', 'learning.json');
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, JSON.stringify({ machine: describeMachine(), seeds: measured }, null, 2));
    console.log(
      `\n${failed === 0 ? 'All claims hold in all seeds' : `${failed} claims do not hold`}. Written to bench/results/learning.json.`,
    );
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    await connected.close();
    await runtime.stop();
  }
}

async function runSeed(file: string, seed: number, { client, store }: Connected) {
  const started = Date.now();
  const resolved = await resolveCampaign(file, { campaign: `learning-seed-${seed}`, seed });
  const { handle } = await startCampaign(client, {
    campaign: resolved.plan.campaign,
    plan: await resolved.upload(store),
  });
  const results = await readResults(store, await followCampaign(handle));
  return {
    seconds: (Date.now() - started) / 1000,
    claims: CLAIMS.map((claim) => check(claim, results)),
    results,
  };
}

type Claim = (typeof CLAIMS)[number];

function check(claim: Claim, { all }: Results) {
  const found = all.comparisons.find(
    ({ metric, better, worse }) => metric === 'goal' && better === claim.better && worse === claim.worse,
  );
  return { ...claim, found, holds: found !== undefined && holds(claim, found) };
}

const holds = (claim: Claim, { difference, p }: Comparison): boolean => difference > 0 && p < claim.p;

function renderClaim({ better, worse, p, found, holds: held }: ReturnType<typeof check>): string {
  const measured = found
    ? `${found.difference.toFixed(2)} [${found.low.toFixed(2)}, ${found.high.toFixed(2)}], p ${found.p.toExponential(1)}`
    : 'not measured';
  return `${held ? 'holds' : 'FAILS'}: ${better} > ${worse} with p < ${p}: ${measured}`;
}
