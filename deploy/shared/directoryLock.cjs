/**
 * A lock between processes, held by a directory with its owner's identity in it. Made and taken over by renames only,
 * each of which one process alone can win; a lock whose owner is gone, kill -9 included, is taken over at once.
 */
const { randomUUID } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { identityOf, isRunning } = require('./processIdentity.cjs');

/** @typedef {import('./processIdentity.cjs').ProcessIdentity} ProcessIdentity */
/** @typedef {ProcessIdentity & { nonce: string }} Owner */

/** A released or abandoned lock's folder is kept this long, in milliseconds: it is what makes a takeover unique. */
const TOMBSTONE_LIFE = 24 * 3600 * 1000;

/** @param {string} directory @returns {Owner | undefined} */
function readOwner(directory) {
  try {
    return JSON.parse(fs.readFileSync(path.join(directory, 'owner.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} from @param {string} to @returns {boolean} false when another process was there first */
function renamed(from, to) {
  try {
    fs.renameSync(from, to);
    return true;
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code ?? '';
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code)) return false;
    throw error;
  }
}

/** @param {string} directory */
function sweepTombstones(directory) {
  const parent = path.dirname(directory);
  for (const name of fs.readdirSync(parent)) {
    if (!name.startsWith(`${path.basename(directory)}.gone-`)) continue;
    const tombstone = path.join(parent, name);
    const age = Date.now() - (fs.statSync(tombstone, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > TOMBSTONE_LIFE) fs.rmSync(tombstone, { recursive: true, force: true });
  }
}

/**
 * @param {string} directory where the lock is; its parent is made if need be
 * @returns {{ release: () => void } | { heldBy: ProcessIdentity }}
 */
function tryLock(directory) {
  const self = identityOf(process.pid);
  if (self === undefined) throw new Error('this process cannot see itself among the running processes');
  fs.mkdirSync(path.dirname(directory), { recursive: true });
  const owner = { ...self, nonce: randomUUID() };
  const prepared = `${directory}.new-${owner.nonce}`;
  fs.mkdirSync(prepared);
  fs.writeFileSync(path.join(prepared, 'owner.json'), JSON.stringify(owner));
  for (;;) {
    if (renamed(prepared, directory)) {
      sweepTombstones(directory);
      return { release: () => void renamed(directory, `${directory}.gone-${owner.nonce}`) };
    }
    const holder = readOwner(directory);
    if (holder === undefined) continue;
    if (isRunning(holder)) {
      fs.rmSync(prepared, { recursive: true });
      return { heldBy: { pid: holder.pid, startedAt: holder.startedAt } };
    }
    renamed(directory, `${directory}.gone-${holder.nonce}`);
  }
}

/**
 * Runs `work` while holding the lock.
 * @template T
 * @param {string} directory
 * @param {() => Promise<T>} work
 * @param {(heldBy: ProcessIdentity) => void} [onWait] called once when another process holds the lock
 * @returns {Promise<T>}
 */
async function withLock(directory, work, onWait) {
  let attempt = tryLock(directory);
  if ('heldBy' in attempt) onWait?.(attempt.heldBy);
  while ('heldBy' in attempt) {
    await sleep(200);
    attempt = tryLock(directory);
  }
  try {
    return await work();
  } finally {
    attempt.release();
  }
}

module.exports = { tryLock, withLock };
