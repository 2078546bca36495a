import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../shared/processIdentity.cjs';
import type { RuntimeRecord } from './stateDirectory';

/** Kills at once what a killed supervisor's guards have not ended yet, and waits until it is gone. */
export async function endLeftovers(record: RuntimeRecord | undefined): Promise<string[]> {
  const left = (record?.parts ?? []).flatMap((part) =>
    part.process === undefined ? [] : [{ ...part, identity: part.process }],
  );
  const alive = left.filter(({ identity }) => isRunning(identity));
  for (const { identity } of alive) {
    try {
      process.kill(-identity.pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  while (alive.some(({ identity }) => isRunning(identity))) await sleep(20);
  return alive.map(({ name }) => name);
}
