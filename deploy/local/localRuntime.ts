import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../shared/directoryLock.cjs';
import { LocalRuntimeError } from './localRuntimeError';
import { OwnRuntime } from './ownRuntime';
import { credentialsFor } from './runtimeStatus';
import type { LocalRuntime, LocalRuntimeOptions } from './runtimeTypes';
import { type RuntimeRecord, StateDirectory } from './stateDirectory';

export type { LocalRuntime, LocalRuntimeOptions } from './runtimeTypes';

/** Longest wait for another process that starts or stops in the same directory, in seconds. */
const HELD_SECONDS = 120;

/**
 * Starts Temporal, S3, the simulator and the workers, and keeps them running; or attaches to what already runs in the
 * state directory. No part outlives this process, not even when it is killed.
 * @throws {LocalRuntimeError}
 */
export async function startLocalRuntime(options: LocalRuntimeOptions): Promise<LocalRuntime> {
  const state = new StateDirectory(options.stateDirectory);
  state.prepare();
  const lock = await lockOrRecord(state, options.signal);
  if ('parts' in lock) return attach(state, lock);
  const runtime = new OwnRuntime(state, options, lock.release);
  try {
    await runtime.start();
    return runtime;
  } catch (error) {
    await runtime.stop();
    throw error;
  }
}

async function lockOrRecord(
  state: StateDirectory,
  signal?: AbortSignal,
): Promise<{ release: () => void } | RuntimeRecord> {
  const deadline = performance.now() + HELD_SECONDS * 1000;
  for (;;) {
    const attempt = tryLock(state.file('locks/runtime'));
    if ('release' in attempt) return attempt;
    const record = state.readRecord();
    const holder = attempt.heldBy.pid;
    if (record?.phase === 'running' && record.supervisor.pid === holder) return record;
    if (performance.now() > deadline) throw stateHeld(state, holder);
    await sleep(100, undefined, { ...(signal && { signal }) });
  }
}

function stateHeld(state: StateDirectory, pid: number): LocalRuntimeError {
  return new LocalRuntimeError(
    'STATE_HELD',
    `process ${pid} holds ${state.root} and is neither ready nor gone after ${HELD_SECONDS} s`,
    'run `pi-loop down`, or name another folder by --state',
  );
}

function attach(state: StateDirectory, record: RuntimeRecord): LocalRuntime {
  return {
    record,
    attached: true,
    environment: { ...record.environment, ...credentialsFor(record, state) },
    failed: new Promise(() => {}),
    stop: async () => {},
  };
}
