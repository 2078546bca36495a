import { setTimeout as sleep } from 'node:timers/promises';
import { type Asked, type Campaign } from '../client/campaign';
import type { Strike } from './calls';
import { type ChildName, isChild, isWorker, type PlannedFault, type WorkerName, WORKERS } from './plan';
import type { ChaosSystem } from './system/chaosSystem';
import type { Interval } from './system/controlledPart';
import { processesNaming, signal } from './system/processes';

export interface StrikeContext {
  system: ChaosSystem;
  /** The campaign that runs now, if one does. */
  campaign(): Campaign | undefined;
  /** Occurs in the command line of every process of this run. */
  mark: string;
}

/** A worker that was cut off learns with its next heartbeat that its work has gone elsewhere, and works until then. */
const LEARNS_WITHIN_MS = 3000;
/** A program that is to be struck is waited for so long. */
const APPEARS_WITHIN_MS = 20_000;
const PAUSED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;
const HOUR_MS = 3_600_000;

/**
 * Does a planned fault to a running system, and waits until it is over.
 * @returns which workers were struck and when; null when there was nobody to strike, such as no trainer in time
 */
export async function strike(context: StrikeContext, fault: PlannedFault): Promise<Strike[] | null> {
  const { system } = context;
  switch (fault.kind) {
    case 'kill':
      if (isChild(fault.target)) return strikeChild(context, fault.target, 'SIGKILL');
      return struck(fault, await system.part(fault.target).kill(fault.downSeconds));
    case 'freeze':
      if (isChild(fault.target)) return strikeChild(context, fault.target, 'SIGSTOP', fault.seconds);
      return struck(fault, await system.part(fault.target).freeze(fault.seconds));
    case 'network':
      return strikeNetwork(system, fault);
    case 'disk-full':
      return strikeWithin(system, fault.worker, { fileBytes: fault.bytes }, fault.seconds);
    case 'clock':
      return strikeWithin(system, fault.worker, { clockShiftMs: fault.hours * HOUR_MS }, fault.seconds);
    case 'deploy':
      return system.deploy();
    case 'pause':
      return pauseFor(context.campaign(), fault.seconds);
  }
}

/** Without Temporal no worker can tell how far it is; without another server each waits, and knows what it knew. */
function struck(
  { kind, target }: Extract<PlannedFault, { kind: 'kill' | 'freeze' }>,
  away: Interval,
): Strike[] {
  if (target === 'temporal') return WORKERS.map((worker) => ({ worker, ...learning(away) }));
  if (!isWorker(target)) return [];
  // A killed worker asks nothing any more; a frozen one goes on until it learns.
  return [{ worker: target, ...(kind === 'kill' ? { from: away.from, to: away.from } : learning(away)) }];
}

const learning = ({ from, to }: Interval): Interval => ({ from, to: to + LEARNS_WITHIN_MS });

async function strikeNetwork(
  system: ChaosSystem,
  { worker: whose, peer, fault, seconds }: Extract<PlannedFault, { kind: 'network' }>,
): Promise<Strike[]> {
  const workers = whose === 'all' ? WORKERS : [whose];
  const from = performance.now();
  const mends = workers.map((worker) => system.connectionsOf(worker).inject(peer, fault));
  await sleep(seconds * 1000);
  for (const mend of mends) mend();
  const interval = { from, to: performance.now() };
  const on = (reach: Interval) => workers.map((worker) => ({ worker, ...reach }));
  if (peer === 'temporal' && fault.kind !== 'latency') return on(learning(interval));
  // What was on its way when the link was cut; the ledger knows of the requests that were struck one by one.
  return peer === 'provider' && fault.kind === 'cut' ? on({ from, to: from }) : [];
}

async function strikeWithin(
  system: ChaosSystem,
  worker: WorkerName,
  variation: Parameters<ChaosSystem['vary']>[1],
  seconds: number,
): Promise<Strike[]> {
  const before = await system.vary(worker, variation);
  await sleep(seconds * 1000);
  return [before, await system.vary(worker, {})];
}

/** How the Python programs are told apart by their command lines. */
const COMMANDS: Record<ChildName, string> = {
  trainer: 'pi_trainer train',
  'policy-server': 'pi_trainer serve',
};

async function strikeChild(
  { mark }: StrikeContext,
  child: ChildName,
  by: 'SIGKILL' | 'SIGSTOP',
  seconds = 0,
): Promise<Strike[] | null> {
  const deadline = performance.now() + APPEARS_WITHIN_MS;
  for (;;) {
    const found = processesNaming(COMMANDS[child]).find(({ command }) => command.includes(mark));
    if (found && signal(found.pid, by)) {
      await sleep(seconds * 1000);
      if (by === 'SIGSTOP') signal(found.pid, 'SIGCONT');
      return [];
    }
    if (performance.now() > deadline) return null;
    await sleep(LOOK_EVERY_MS);
  }
}

const ASKED: Asked = { who: 'chaos', why: 'to see whether everything goes on from where it was' };

async function pauseFor(campaign: Campaign | undefined, seconds: number): Promise<Strike[] | null> {
  const from = performance.now();
  // A campaign that has just ended cannot be paused.
  const isPaused = await campaign?.pause(ASKED).then(
    () => true,
    () => false,
  );
  if (!campaign || !isPaused) return null;
  await untilPaused(campaign, from + PAUSED_WITHIN_MS);
  const to = performance.now();
  await sleep(seconds * 1000);
  await campaign.resume(ASKED);
  return WORKERS.map((worker) => ({ worker, from, to }));
}

async function untilPaused(campaign: Campaign, deadline: number): Promise<void> {
  while (performance.now() < deadline) {
    const state = await campaign.status().then(
      (status) => status.state,
      () => null,
    );
    if (state === 'paused') return;
    await sleep(LOOK_EVERY_MS);
  }
}
