import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describeMachine } from './machine';
import { wholeNumber } from './options';
import { columns, report, say } from './report';
import {
  type Answering,
  bareEngine,
  benchTrainer,
  makePolicies,
  type Pass,
  type Request,
  servedEngine,
} from './serving/engines';

interface ServingOptions {
  json: boolean;
  requests: number;
  inFlight: number;
  passes: number;
}

/** Random weights of the shape of models that this server is for. `share`: of the requests, where each takes longer. */
const MODELS = {
  "the demo's policy": {
    share: 1,
    shape: { hiddenSize: 96, layers: 4, heads: 4, feedForward: 288, contextLength: 256 },
  },
  'SmolLM2-135M': {
    share: 1 / 8,
    shape: { hiddenSize: 576, layers: 30, heads: 9, feedForward: 1536, contextLength: 256 },
  },
};

export function registerServing(program: Command): void {
  program
    .command('serving')
    .description('tokens a second of a served adapter, beside the bare engine')
    .option('--requests <n>', 'in a pass', wholeNumber, 256)
    .option('--in-flight <n>', 'requests at once', wholeNumber, 64)
    .option('--passes <n>', 'of each, by turns', wholeNumber, 5)
    .option('--json', 'print one JSON document', false)
    .action(benchServing);
}

async function benchServing(options: ServingOptions): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'pi-loop-bench-serving-'));
  try {
    const measured: Record<string, Comparison> = {};
    const { requests, inFlight, passes } = options;
    for (const [name, { shape, share }] of Object.entries(MODELS)) {
      const some = (all: number) => Math.ceil(all * share);
      const reduced = { passes, requests: some(requests), inFlight: some(inFlight) };
      measured[name] = await measure(scratch, name, shape, reduced);
    }
    const document = {
      machine: describeMachine(),
      load: loadavg(),
      settings: { requests, inFlight, passes, threads: 1 },
      measured,
    };
    await report('serving', document, options.json ? undefined : render(document));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Comparison {
  served: Speed;
  bare: Speed;
  /** Served by bare. */
  ratio: Speed;
}

interface Speed {
  tokensPerSecond: number;
  /** Of the engine and, where it is served, its server: what other work on the machine does not slow down. */
  tokensPerCpuSecond: number;
}

async function measure(
  scratch: string,
  name: string,
  shape: object,
  { requests: count, inFlight, passes }: Omit<ServingOptions, 'json'>,
): Promise<Comparison> {
  const trainer = benchTrainer(scratch);
  const folderOf = await makePolicies(trainer, name, shape);
  const requests = Array.from({ length: count }, (_, index) => request(index));
  const engines = await Promise.all([
    servedEngine(trainer, folderOf, requests, inFlight),
    bareEngine(trainer, folderOf, requests, inFlight),
  ]);
  try {
    const [served, bare] = await byTurns(name, engines, passes);
    return {
      served,
      bare,
      ratio: {
        tokensPerSecond: served.tokensPerSecond / bare.tokensPerSecond,
        tokensPerCpuSecond: served.tokensPerCpuSecond / bare.tokensPerCpuSecond,
      },
    };
  } finally {
    await Promise.all(engines.map((engine) => engine.stop()));
  }
}

const WORDS = 'you sell your old bicycle and want 100 dollars for it . no , i want 12 . a deal ?'.split(' ');

/** The beginning of a conversation, of 50 to 110 tokens, like no other. */
function request(number: number): Request {
  const words = (length: number, from: number) =>
    Array.from({ length }, (_, index) => WORDS[(from * 7 + index * (1 + (from % 5))) % WORDS.length]).join(
      ' ',
    );
  const messages = [
    { role: 'system' as const, content: words(30 + (number % 40), number) },
    { role: 'user' as const, content: words(8 + (number % 15), number + 1) },
    { role: 'assistant' as const, content: words(8, number + 2) },
    { role: 'user' as const, content: words(8 + (number % 7), number + 3) },
  ];
  return { messages, seed: number, max_tokens: 28, temperature: 1 };
}

/** After one pass of each that warms up. Errors: when the two do not say the same. */
async function byTurns(
  name: string,
  engines: readonly [Answering, Answering],
  passes: number,
): Promise<[Speed, Speed]> {
  const all: [Pass[], Pass[]] = [[], []];
  for (let number = 0; number <= passes; number += 1) {
    const pair = [await engines[0].pass(), await engines[1].pass()] as const;
    if (pair[0].digest !== pair[1].digest) throw new Error(`${name}: served and bare answers differ`);
    say(
      `${name}: ${pair.map(({ tokens, seconds }) => (tokens / seconds).toFixed(0)).join(' and ')} tokens/s`,
    );
    if (number === 0) continue;
    all[0].push(pair[0]);
    all[1].push(pair[1]);
  }
  return [speed(all[0]), speed(all[1])];
}

const speed = (passes: readonly Pass[]): Speed => ({
  tokensPerSecond: median(passes.map(({ tokens, seconds }) => tokens / seconds)),
  tokensPerCpuSecond: median(passes.map(({ tokens, cpuSeconds }) => tokens / cpuSeconds)),
});

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

interface ServingDocument {
  machine: object;
  load: number[];
  settings: object;
  measured: Record<string, Comparison>;
}

function render({ machine, load, settings, measured }: ServingDocument): string {
  const rows = Object.entries(measured).map(([name, { served, bare, ratio }]) => [
    name,
    served.tokensPerSecond.toFixed(0),
    bare.tokensPerSecond.toFixed(0),
    ratio.tokensPerSecond.toFixed(3),
    ratio.tokensPerCpuSecond.toFixed(3),
  ]);
  return [
    JSON.stringify({ ...machine, load }),
    JSON.stringify(settings),
    '',
    columns([['tokens a second', 'served', 'bare', 'ratio', 'of CPU time'], ...rows]),
  ].join('\n');
}
