import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../shared/processIdentity.cjs';
import { endLeftovers } from './leftovers';
import { StateDirectory } from './stateDirectory';

/** Longest wait for a runtime that is asked to stop, in seconds: the sum of its parts' own limits and a little more. */
const STOP_SECONDS = 75;

export interface StopOutcome {
  /** Names of the parts that ran. */
  stopped: string[];
  /** True when the supervisor had to be killed or was dead already. */
  forced: boolean;
}

/**
 * Stops what `pi-loop up` started in the state directory, and nothing else: processes are known by their id and start
 * time together. Returns once all of them are gone.
 */
export async function stopRuntime(stateDirectory: string): Promise<StopOutcome> {
  const state = new StateDirectory(stateDirectory);
  const record = existsSync(state.root) ? state.readRecord() : undefined;
  if (record === undefined) return { stopped: [], forced: false };
  const wasRunning = isRunning(record.supervisor);
  if (wasRunning) process.kill(record.supervisor.pid, 'SIGTERM');
  const deadline = performance.now() + STOP_SECONDS * 1000;
  while (isRunning(record.supervisor) && performance.now() < deadline) await sleep(50);
  const mustForce = isRunning(record.supervisor);
  if (mustForce) process.kill(record.supervisor.pid, 'SIGKILL');
  const leftovers = await endLeftovers(record);
  rmSync(state.file('runtime.json'), { force: true });
  const own = record.parts.filter((part) => part.process !== undefined).map((part) => part.name);
  return { stopped: wasRunning ? own : leftovers, forced: mustForce || !wasRunning };
}
