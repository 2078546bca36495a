import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { TASK_QUEUES } from '../schemas/names';
import { describeMachine } from './machine';
import { wholeNumber } from './options';
import type { Provider } from './provider/provider';
import { recoverTrainer, type TrainerRecovery } from './recoverTrainer';
import { columns, report, say } from './report';
import { BenchSystem } from './system/benchSystem';
import { describeVersions } from './system/versions';

interface RecoveryOptions {
  json: boolean;
  latency: number;
  inFlight: number;
}

/** What dies, by the name of the part. Workers stand apart, so that each dies alone. */
const PARTS = {
  'dialogue-worker': 'dialogue worker',
  'other-workers': 'orchestration and general worker',
  temporal: 'Temporal',
  s3: 'S3',
} as const;
type Part = keyof typeof PARTS;

const { dialogue, ...others } = TASK_QUEUES;
const WORKERS = [
  { name: 'dialogue-worker', queues: [dialogue] },
  { name: 'other-workers', queues: Object.values(others) },
] satisfies { name: Part; queues: string[] }[];

/** More than are played before the last part has recovered. */
const EPISODES = 5_000;
/** Back at full rate: calls in flight, averaged over one latency, are this share of what they were before. */
const FULL_SHARE = 0.9;
/** A part that has not recovered by then has not recovered. */
const LONGEST_MS = 90_000;
/** Watched on after the recovery, so that repetitions and lulls that come late are seen. */
const AFTERWARDS_MS = 10_000;
const LOOK_EVERY_MS = 50;

export function registerRecovery(program: Command): void {
  program
    .command('recovery')
    .description('kill -9 of each part: calls made again, and seconds until the full rate is back')
    .option('--latency <ms>', 'of each model call', wholeNumber, 1_000)
    .option('--in-flight <n>', 'episodes at once', wholeNumber, 64)
    .option('--json', 'print one JSON document', false)
    .action(benchRecovery);
}

async function benchRecovery({ latency, inFlight, json }: RecoveryOptions): Promise<void> {
  const system = await BenchSystem.start({
    provider: { latencyMs: latency, countRepeated: true },
    slots: inFlight,
    workers: WORKERS,
  });
  try {
    await system.startCampaign({ name: 'recovery', episodes: EPISODES, inFlight });
    await untilAllPlay(system.provider, inFlight, latency);
    const parts: Recovery[] = [];
    for (const part of Object.keys(PARTS) as Part[]) {
      say(`kill -9 of the ${PARTS[part]}`);
      parts.push(await recover(system, part, { latency, inFlight }));
    }
    await system.pi('cancel', 'recovery');
    const trainer = await recoverTrainer(system, 'other-workers' satisfies Part);
    const document = {
      machine: describeMachine(),
      versions: await describeVersions(),
      settings: { latencyMs: latency, inFlight, fullShare: FULL_SHARE },
      parts,
      secondsToGoOn: trainer,
    };
    await report('recovery', document, json ? undefined : render(document));
  } finally {
    await system.stop();
  }
}

interface Recovery {
  part: Part;
  /** Calls made again. */
  repeated: number;
  repeatedPerEpisodeInFlight: number;
  /** From the kill until the full rate is back; 0 when it was never lost, null when it never came back. */
  secondsToFullRate: number | null;
}

type Settings = Pick<RecoveryOptions, 'latency' | 'inFlight'>;

async function recover(system: BenchSystem, part: Part, settings: Settings): Promise<Recovery> {
  const { provider } = system;
  const full = FULL_SHARE * (await meanInFlight(provider, 5 * settings.latency));
  const before = await provider.counts();
  system.kill(part);
  const secondsToFullRate = await timeToFullRate(provider, full, settings.latency);
  await sleep(AFTERWARDS_MS);
  const repeated = ((await provider.counts()).repeated ?? 0) - (before.repeated ?? 0);
  return { part, repeated, repeatedPerEpisodeInFlight: repeated / settings.inFlight, secondsToFullRate };
}

/** Calls of a killed worker stay in flight until they are answered: for a latency nothing is lost yet. */
async function timeToFullRate(provider: Provider, full: number, latency: number): Promise<number | null> {
  const killedAt = performance.now();
  let lost = false;
  while (performance.now() - killedAt < LONGEST_MS) {
    const isFull = (await meanInFlight(provider, latency)) >= full;
    if (isFull && lost) return (performance.now() - killedAt) / 1000;
    lost ||= !isFull;
    if (!lost && performance.now() - killedAt > AFTERWARDS_MS) return 0;
  }
  return null;
}

async function untilAllPlay(provider: Provider, inFlight: number, latency: number): Promise<void> {
  while ((await meanInFlight(provider, latency)) < FULL_SHARE * inFlight);
}

/** Calls in flight, averaged over the next so many milliseconds. */
async function meanInFlight(provider: Provider, milliseconds: number): Promise<number> {
  const until = performance.now() + milliseconds;
  const looks: number[] = [];
  do {
    looks.push((await provider.counts()).inFlight);
    await sleep(LOOK_EVERY_MS);
  } while (performance.now() < until);
  return looks.reduce((sum, look) => sum + look, 0) / looks.length;
}

interface RecoveryDocument {
  machine: object;
  versions: object;
  settings: object;
  parts: Recovery[];
  secondsToGoOn: TrainerRecovery;
}

function render({ machine, versions, settings, parts, secondsToGoOn }: RecoveryDocument): string {
  return [
    JSON.stringify({ ...machine, ...versions }),
    JSON.stringify(settings),
    '',
    columns([
      ['killed', 'calls made again', 'an episode in flight', 'seconds to full rate'],
      ...parts.map(({ part, repeated, repeatedPerEpisodeInFlight, secondsToFullRate }) => [
        PARTS[part],
        String(repeated),
        repeatedPerEpisodeInFlight.toFixed(2),
        secondsToFullRate?.toFixed(1) ?? 'never',
      ]),
    ]),
    '',
    columns([
      ['killed', 'seconds until work goes on'],
      ['trainer, at the step of the kill', secondsToGoOn.trainer.toFixed(1)],
      ['policy server', secondsToGoOn.policyServer.toFixed(1)],
    ]),
  ].join('\n');
}
