import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Campaign } from '../client/campaign';
import { say } from './report';
import type { BenchSystem } from './system/benchSystem';

/** Seconds from kill -9 until the work is where it was. */
export interface TrainerRecovery {
  /** Until the training step of the kill is reached again. */
  trainer: number;
  /** Until the policy answers again. */
  policyServer: number;
}

/** Between two checkpoints, and far from the end. */
const KILLED_AT_STEP = 80;
/** Training on cores that others keep busy takes its time. */
const LONGEST_MS = 300_000;
const LOOK_EVERY_MS = 100;

/** Kills the trainer between two checkpoints, then the server of the policy that it made. @param worker their part */
export async function recoverTrainer(system: BenchSystem, worker: string): Promise<TrainerRecovery> {
  const campaign = await system.startTraining('training');
  await reached('training is under way', async () => ((await stepOf(campaign)) ?? 0) >= KILLED_AT_STEP);
  say('kill -9 of the trainer');
  const trainer = await recoverTraining(system, worker, campaign);
  await reached('the policy is served', () => isServed(system));
  say('kill -9 of the policy server');
  return { trainer, policyServer: await recoverServing(system, worker) };
}

async function recoverTraining(system: BenchSystem, worker: string, campaign: Campaign): Promise<number> {
  const lost = (await stepOf(campaign)) ?? KILLED_AT_STEP;
  system.killBelow(worker, ['pi_trainer', 'train']);
  const killedAt = performance.now();
  await reached('training has begun again', async () => ((await stepOf(campaign)) ?? lost) < lost);
  await reached('training is where it was', async () => ((await stepOf(campaign)) ?? lost) >= lost);
  return (performance.now() - killedAt) / 1000;
}

async function recoverServing(system: BenchSystem, worker: string): Promise<number> {
  system.killBelow(worker, ['pi_trainer', 'serve']);
  const killedAt = performance.now();
  await reached('the killed server is gone', async () => !(await isServed(system)));
  await reached('the policy answers again', () => isServed(system));
  return (performance.now() - killedAt) / 1000;
}

const Progress = z.object({ step: z.number() });

/** The step that a training under way last told; null when none runs, as after its end. */
async function stepOf(campaign: Campaign): Promise<number | null> {
  const { activities } = await campaign.status();
  const training = activities.find(({ activity }) => activity === 'trainPolicy');
  return Progress.safeParse(training?.details).data?.step ?? null;
}

const Lease = z.object({ baseUrl: z.string() });

/** Whether the policy's server answers where its lease says; the local S3 server keeps objects as files. */
async function isServed({ state }: BenchSystem): Promise<boolean> {
  const folder = state.file('buckets/pi-loop/serving');
  const [lease] = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  if (!lease) return false;
  const { baseUrl } = Lease.parse(JSON.parse(readFileSync(`${folder}/${lease.name}`, 'utf8')));
  const answer = await fetch(`${baseUrl}/models`).catch(() => null);
  return answer?.ok ?? false;
}

/** Waits for something. Errors: when it has not come after five minutes. */
async function reached(what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + LONGEST_MS;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > until) throw new Error(`still not so after ${LONGEST_MS / 1000} s: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}
