import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CHECKOUT } from '../deploy/local/checkout';
import { describeMachine } from './machine';
import { columns, report, say } from './report';
import { runDemo } from './system/demo';
import { describeVersions } from './system/versions';

interface OverheadOptions {
  json: boolean;
  file: string;
}

export function registerOverhead(program: Command): void {
  program
    .command('overhead')
    .description('wall time of a whole campaign beside that of its critical path')
    .option('--file <file>', 'campaign file', join(CHECKOUT, 'examples', 'demo.yaml'))
    .option('--json', 'print one JSON document', false)
    .action(benchOverhead);
}

async function benchOverhead({ json, file }: OverheadOptions): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'pi-loop-bench-'));
  try {
    say(`the campaign of ${file}, from nothing`);
    const { seconds, stages } = await runDemo(['--file', file, '--state', state]);
    const document = {
      machine: describeMachine(),
      versions: await describeVersions(),
      settings: { file, stages: stages.length },
      wallSeconds: seconds.campaign,
      criticalPathSeconds: seconds.longestChain,
      ratio: seconds.campaign / seconds.longestChain,
    };
    await report('overhead', document, json ? undefined : render(document));
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

interface OverheadDocument {
  machine: object;
  versions: object;
  settings: object;
  wallSeconds: number;
  criticalPathSeconds: number;
  ratio: number;
}

function render({ machine, versions, settings, ...measured }: OverheadDocument): string {
  const { wallSeconds, criticalPathSeconds, ratio } = measured;
  return [
    JSON.stringify({ ...machine, ...versions }),
    JSON.stringify(settings),
    '',
    columns([
      ['', 'seconds'],
      ['campaign', wallSeconds.toFixed(1)],
      ['its critical path', criticalPathSeconds.toFixed(1)],
      ['ratio', `${ratio.toFixed(3)} ×`],
    ]),
  ].join('\n');
}
