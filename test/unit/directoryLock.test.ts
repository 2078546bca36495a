import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tryLock, withLock } from '../../deploy/shared/directoryLock.cjs';

const LOCK_MODULE = path.resolve(__dirname, '../../deploy/shared/directoryLock.cjs');

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lock-'));
  lock = path.join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that takes the lock, says so, and holds it until killed. */
async function holder() {
  const code = `require(${JSON.stringify(LOCK_MODULE)}).tryLock(${JSON.stringify(lock)}); console.log('held'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('directory lock', () => {
  test('is held by one owner, who is named, until it is released', () => {
    const first = tryLock(lock);
    expect(first).toHaveProperty('release');
    expect(tryLock(lock)).toMatchObject({ heldBy: { pid: process.pid } });
    if ('release' in first) first.release();
    expect(tryLock(lock)).toHaveProperty('release');
  });

  test('of a process killed by kill -9 is taken over at once', async () => {
    const child = await holder();
    expect(tryLock(lock)).toMatchObject({ heldBy: { pid: child.pid } });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(tryLock(lock)).toHaveProperty('release');
  });

  test('lets one work at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(lock, work)));
    expect(most).toBe(1);
  });

  test('is released when the work fails', async () => {
    await expect(withLock(lock, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(tryLock(lock)).toHaveProperty('release');
  });
});
