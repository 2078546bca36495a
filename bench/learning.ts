import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CHECKOUT } from '../deploy/local/checkout';
import { describeMachine } from './machine';
import { type DemoReport, runDemo } from './system/demo';

interface LearningOptions {
  seeds: string;
  file: string;
  state: string;
}

/** What must hold in each seed: better, worse, and the largest p of the paired difference in goal. */
const CLAIMS = [
  { better: 'BC', worse: 'base', p: 0.001 },
  { better: 'BC+SR', worse: 'BC', p: 0.01 },
  { better: 'BC+SR', worse: 'control-unfiltered', p: 0.05 },
  { better: 'BC+SR', worse: 'control-more-steps', p: 0.05 },
] as const;

type Comparison = DemoReport['comparisons'][number];

export function registerLearning(program: Command): void {
  program
    .command('learning')
    .description('base < BC < BC+SR, with controls: the same campaign with several seeds')
    .option('--seeds <n>', 'how many seeds, from 1', '3')
    .option('--file <file>', 'campaign file', join(CHECKOUT, 'examples', 'learning.yaml'))
    .option('--state <dir>', 'folder of the local runtime', '.pi-loop-learning')
    .action(benchLearning);
}

async function benchLearning({ seeds, file, state }: LearningOptions): Promise<void> {
  const measured = [];
  for (let seed = 1; seed <= Number(seeds); seed += 1) {
    const report = await runDemo(['--file', file, '--state', state, '--seed', String(seed)]);
    const claims = CLAIMS.map((claim) => check(claim, report));
    console.log(`\nseed ${seed}, ${report.seconds.campaign.toFixed(0)} s`);
    console.log(report.results.map(renderPolicy).join('\n'));
    console.log(report.comparisons.map(renderComparison).join('\n'));
    console.log(claims.map(renderClaim).join('\n'));
    measured.push({ seed, claims, ...report });
  }
  const failed = measured.flatMap(({ claims }) => claims).filter(({ holds }) => !holds).length;
  const folder = join(CHECKOUT, 'bench', 'results');
  await mkdir(folder, { recursive: true });
  const document = { machine: describeMachine(), seeds: measured };
  await writeFile(join(folder, 'learning.json'), JSON.stringify(document, null, 2));
  console.log(`\n${failed === 0 ? 'All claims hold in all seeds' : `${failed} claims do not hold`}.`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function check(claim: (typeof CLAIMS)[number], { comparisons }: DemoReport) {
  const found = comparisons.find(({ better, worse }) => better === claim.better && worse === claim.worse);
  return { ...claim, holds: found !== undefined && found.difference > 0 && found.p < claim.p };
}

const renderPolicy = ({ policy, goal, episodes }: DemoReport['results'][number]): string =>
  `  ${policy.padEnd(20)} goal ${goal.mean.toFixed(2)} [${goal.low.toFixed(2)}, ${goal.high.toFixed(2)}]  ${episodes} episodes`;

const renderComparison = ({ better, worse, difference, low, high, p }: Comparison): string =>
  `  ${`${better} − ${worse}`.padEnd(44)} ${difference.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]  p ${p.toExponential(1)}`;

const renderClaim = ({ better, worse, p, holds }: ReturnType<typeof check>): string =>
  `  ${holds ? 'holds' : 'FAILS'}: ${better} > ${worse} with p < ${p}`;
