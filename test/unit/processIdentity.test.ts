import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { identityOf, isRunning } from '../../deploy/shared/processIdentity.cjs';

/** A process that lives until it is killed. */
async function startProcess(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['1000']);
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

describe('process identity', () => {
  test('is the same whenever it is asked for', () => {
    expect(identityOf(process.pid)).toEqual(identityOf(process.pid));
    expect(identityOf(process.pid)).toBeDefined();
  });

  test('ends with the process', async () => {
    const child = await startProcess();
    const identity = identityOf(child.pid);
    expect(identity && isRunning(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(identity && isRunning(identity)).toBe(false);
  });

  test('does not pass to another process that gets the same id', () => {
    const identity = identityOf(process.pid);
    expect(isRunning({ pid: process.pid, startedAt: `${identity?.startedAt}0` })).toBe(false);
  });

  test('of no process is undefined', () => {
    expect(identityOf(2 ** 30)).toBeUndefined();
  });
});
