import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CHECKOUT } from '../deploy/local/checkout';
import { describeMachine } from './machine';
import { columns, report, say } from './report';
import { type DemoReport, runDemo } from './system/demo';
import { makeUnauditedBuild } from './system/unauditedBuild';
import { describeVersions } from './system/versions';

interface OverheadOptions {
  json: boolean;
  file: string;
}

export function registerOverhead(program: Command): void {
  program
    .command('overhead')
    .description('wall time of a whole campaign beside that of its critical path, and without its audit')
    .option('--file <file>', 'campaign file', join(CHECKOUT, 'examples', 'demo.yaml'))
    .option('--json', 'print one JSON document', false)
    .action(benchOverhead);
}

async function benchOverhead({ json, file }: OverheadOptions): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'pi-loop-bench-'));
  try {
    say(`the campaign of ${file}, from nothing`);
    const { seconds, stages } = await runDemo(['--file', file, '--state', join(state, 'audited')]);
    say('the same without log and histories');
    const unaudited = await runDemo(
      ['--file', file, '--state', join(state, 'unaudited')],
      makeUnauditedBuild(join(state, 'build')),
    );
    const document = {
      machine: describeMachine(),
      versions: await describeVersions(),
      settings: { file, stages: stages.length },
      wallSeconds: seconds.campaign,
      criticalPathSeconds: seconds.longestChain,
      ratio: seconds.campaign / seconds.longestChain,
      audit: {
        withoutSeconds: unaudited.seconds.campaign,
        share: seconds.campaign / unaudited.seconds.campaign - 1,
        // Trainings and conversations do not take the same time twice; what is between them is what the audit adds to.
        betweenStagesSeconds: betweenStages(seconds),
        betweenStagesWithoutSeconds: betweenStages(unaudited.seconds),
      },
    };
    await report('overhead', document, json ? undefined : render(document));
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

const betweenStages = ({ campaign, longestChain }: DemoReport['seconds']): number => campaign - longestChain;

interface OverheadDocument {
  machine: object;
  versions: object;
  settings: object;
  wallSeconds: number;
  criticalPathSeconds: number;
  ratio: number;
  audit: {
    withoutSeconds: number;
    /** Of the wall time without. */
    share: number;
    betweenStagesSeconds: number;
    betweenStagesWithoutSeconds: number;
  };
}

function render({ machine, versions, settings, ...measured }: OverheadDocument): string {
  const { wallSeconds, criticalPathSeconds, ratio, audit } = measured;
  return [
    JSON.stringify({ ...machine, ...versions }),
    JSON.stringify(settings),
    '',
    columns([
      ['', 'seconds'],
      ['campaign', wallSeconds.toFixed(1)],
      ['its critical path', criticalPathSeconds.toFixed(1)],
      ['ratio', `${ratio.toFixed(3)} ×`],
      ['without the audit', audit.withoutSeconds.toFixed(1)],
      ['the audit’s share', `${(100 * audit.share).toFixed(1)} %`],
    ]),
  ].join('\n');
}
