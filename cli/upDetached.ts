import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStatus } from '../deploy/local/runtimeStatus';
import type { RuntimeRecord } from '../deploy/local/stateDirectory';
import { describeParts } from './describeParts';

/**
 * Starts `pi-loop up` as a process of its own, with this command's other arguments, and waits until it is ready or gone.
 * @returns the exit status
 */
export async function upDetached(stateDirectory: string): Promise<number> {
  const already = runningRecord(stateDirectory);
  if (already !== undefined) return reportRunning('already running', already);
  const log = path.resolve(stateDirectory, 'logs/up.log');
  const child = startBackground(log);
  let ended: number | undefined;
  child.once('exit', (code) => {
    ended = code ?? 1;
  });
  const callOff = () => void child.kill('SIGTERM');
  process.once('SIGINT', callOff).once('SIGTERM', callOff);
  while (ended === undefined) {
    const record = runningRecord(stateDirectory);
    if (record !== undefined && record.supervisor.pid === child.pid) {
      child.unref();
      return reportRunning('running in the background', record);
    }
    await sleep(100);
  }
  return reportEnd(stateDirectory, ended, log);
}

function startBackground(log: string): ChildProcess {
  mkdirSync(path.dirname(log), { recursive: true });
  const output = openSync(log, 'w');
  const args = process.argv.slice(1).filter((argument) => argument !== '--detach');
  return spawn(process.execPath, args, { detached: true, stdio: ['ignore', output, output] });
}

function runningRecord(stateDirectory: string): RuntimeRecord | undefined {
  const { state, record } = readStatus(stateDirectory);
  return state === 'running' ? record : undefined;
}

function reportRunning(how: string, record: RuntimeRecord): number {
  process.stdout.write(`${how}; \`pi-loop down\` stops it:\n${describeParts(record)}\n`);
  return 0;
}

/** It may have ended because another `up` got there first. */
function reportEnd(stateDirectory: string, status: number, log: string): number {
  const record = runningRecord(stateDirectory);
  if (status === 0 && record !== undefined) return reportRunning('already running', record);
  process.stderr.write(`${readFileSync(log, 'utf8')}it did not start; its output is in ${log}\n`);
  return status === 0 ? 1 : status;
}
