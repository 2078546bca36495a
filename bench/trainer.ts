import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { z } from 'zod';
import { CHECKOUT } from '../deploy/local/checkout';
import { requireTool } from '../deploy/local/tools';
import { describeMachine } from './machine';
import { wholeNumber } from './options';
import { columns, report, say } from './report';

const Speed = z.object({ tokensPerSecond: z.number(), tokensPerCpuSecond: z.number() });
type Speed = z.infer<typeof Speed>;
/** What bench/trainer/compare.py prints. */
const Passes = z.array(z.object({ ours: Speed, plain: Speed })).min(1);

interface TrainerOptions {
  json: boolean;
  passes: number;
  steps: number;
}

const DEMO = { hiddenSize: 96, layers: 4, heads: 4, feedForward: 288, contextLength: 256 };
const WIDER = { hiddenSize: 384, layers: 8, heads: 6, feedForward: 1152, contextLength: 256 };
/** `share`: of the steps, where each takes longer. */
const TRAININGS = {
  "the demo's policy, all weights": { method: 'full', shape: DEMO, share: 1 },
  "the demo's policy, LoRA": { method: 'lora', shape: DEMO, share: 1 },
  '15 M parameters, all weights': { method: 'full', shape: WIDER, share: 1 / 3 },
} as const;

export function registerTrainer(program: Command): void {
  program
    .command('trainer')
    .description('tokens a second of training, beside a plain script of TRL on the same batches')
    .option('--passes <n>', 'of each, by turns', wholeNumber, 5)
    .option('--steps <n>', 'in a pass', wholeNumber, 60)
    .option('--json', 'print one JSON document', false)
    .action(benchTrainer);
}

async function benchTrainer({ json, passes, steps }: TrainerOptions): Promise<void> {
  const measured: Record<string, Comparison> = {};
  for (const [name, { method, shape, share }] of Object.entries(TRAININGS)) {
    say(`${name}: ${passes} passes of each`);
    measured[name] = compared(await train(method, shape, passes, Math.ceil(steps * share)));
  }
  const document = {
    machine: describeMachine(),
    load: loadavg(),
    settings: { passes, steps, rows: 8, length: 128, threads: 1 },
    measured,
  };
  await report('trainer', document, json ? undefined : render(document));
}

async function train(
  method: string,
  shape: object,
  passes: number,
  steps: number,
): Promise<z.infer<typeof Passes>> {
  const script = join(CHECKOUT, 'bench', 'trainer', 'compare.py');
  const options = { method, passes, steps, shape: JSON.stringify(shape) };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const env = { ...process.env, PYTHONPATH: join(CHECKOUT, 'trainer', 'src'), OMP_NUM_THREADS: '1' };
  const { stdout } = await promisify(execFile)(requireTool('trainerPython'), [script, ...args], {
    env,
    maxBuffer: 2 ** 26,
  });
  return Passes.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

interface Comparison {
  ours: Speed;
  plain: Speed;
  /** Ours by TRL's, the median over the passes. */
  ratio: Speed;
}

function compared(passes: z.infer<typeof Passes>): Comparison {
  const middle = (of: (pass: (typeof passes)[number]) => Speed): Speed => ({
    tokensPerSecond: median(passes.map((pass) => of(pass).tokensPerSecond)),
    tokensPerCpuSecond: median(passes.map((pass) => of(pass).tokensPerCpuSecond)),
  });
  const ratio = middle(({ ours, plain }) => ({
    tokensPerSecond: ours.tokensPerSecond / plain.tokensPerSecond,
    tokensPerCpuSecond: ours.tokensPerCpuSecond / plain.tokensPerCpuSecond,
  }));
  return { ours: middle(({ ours }) => ours), plain: middle(({ plain }) => plain), ratio };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function render({
  machine,
  load,
  measured,
}: {
  machine: object;
  load: number[];
  measured: Record<string, Comparison>;
}) {
  const rows = Object.entries(measured).map(([name, { ours, plain, ratio }]) => [
    name,
    ours.tokensPerSecond.toFixed(0),
    plain.tokensPerSecond.toFixed(0),
    ratio.tokensPerSecond.toFixed(2),
    ratio.tokensPerCpuSecond.toFixed(2),
  ]);
  const head = ['tokens a second', 'pi_trainer', 'plain TRL', 'ratio', 'ratio by CPU time'];
  return `${columns([head, ...rows])}\n\nload ${load.map((one) => one.toFixed(1)).join(' ')}; ${JSON.stringify(machine)}`;
}
