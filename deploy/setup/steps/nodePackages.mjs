import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import directoryLock from '../../shared/directoryLock.cjs';
import { lockPath } from '../cacheEntry.mjs';
import { runCommand } from '../command.mjs';
import { digestOf, ROOT } from '../paths.mjs';

/** npm writes this listing last, so it is there only after a whole installation. */
const INSTALLED = path.join(ROOT, 'node_modules/.package-lock.json');

/** @param {string} file */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** True when node_modules holds exactly the versions of the lock; optional packages of other platforms may lack. */
function isReady() {
  if (!existsSync(INSTALLED)) return false;
  const installed = packagesOf(INSTALLED);
  return Object.entries(packagesOf(path.join(ROOT, 'package-lock.json'))).every(
    ([where, wanted]) =>
      where === '' ||
      (installed[where] === undefined
        ? wanted.optional === true
        : installed[where].version === wanted.version),
  );
}

/** npm as npm itself ran us, else the one on the path. */
function npm() {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, script] : ['npm'];
}

async function run(progress) {
  const [command = 'npm', ...first] = npm();
  const install = async () => {
    if (isReady()) return;
    await runCommand(
      command,
      [...first, 'ci', '--prefer-offline', '--loglevel=error', '--no-audit', '--no-fund'],
      {
        onLine: progress.say,
        hint: 'is the package registry reachable? npm reads its settings from .npmrc and npm_config_…',
      },
    );
  };
  progress.say('npm ci');
  await directoryLock.withLock(lockPath(`checkout-${digestOf(ROOT)}`), install, (owner) =>
    progress.say(`waiting for another setup (process ${owner.pid})`),
  );
}

/** @type {import('../steps.mjs').Step} */
export const nodePackages = {
  name: 'Node packages',
  what: 'npm ci: about 570 MB, 20 to 80 s',
  needs: [],
  isReady,
  run,
};
