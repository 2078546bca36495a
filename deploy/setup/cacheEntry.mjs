/** Folders of the user's cache: whole or not there, whatever interrupts their making. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import directoryLock from '../shared/directoryLock.cjs';
import { CACHE } from './paths.mjs';

/** @param {string} name @param {string} key */
export function entryPath(name, key) {
  return path.join(CACHE, `${name}-${key}`);
}

/** @param {string} name of what the lock guards */
export function lockPath(name) {
  return path.join(CACHE, 'locks', name);
}

/**
 * Makes a folder of the cache unless it is there. It is built under another name and renamed when done, one process at
 * a time; what an interrupted process left is removed.
 * @param {{ directory: string, proof: string, build: (partial: string) => Promise<void>, onWait: (pid: number) => void }} entry
 *   proof: a path inside that exists when the folder is usable
 */
export async function provideEntry({ directory, proof, build, onWait }) {
  const isUsable = () => existsSync(path.join(directory, proof));
  if (isUsable()) return;
  const make = async () => {
    if (isUsable()) return;
    removeLeftovers(directory);
    const partial = `${directory}.partial-${process.pid}`;
    mkdirSync(partial, { recursive: true });
    await build(partial);
    renameSync(partial, directory);
  };
  await directoryLock.withLock(lockPath(path.basename(directory)), make, (owner) => onWait(owner.pid));
}

/** @param {string} directory */
function removeLeftovers(directory) {
  const parent = path.dirname(directory);
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const isLeftover =
      name === path.basename(directory) || name.startsWith(`${path.basename(directory)}.partial-`);
    if (isLeftover) rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}
