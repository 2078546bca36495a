import { existsSync } from 'node:fs';
import path from 'node:path';
import { entryPath, provideEntry } from '../cacheEntry.mjs';
import { digestOf, PLATFORM, readInCheckout, ROOT } from '../paths.mjs';
import { provideUv } from '../python.mjs';

const REQUIREMENTS = 'bench/peer/requirements.txt';
const PYTHON = 'bin/python';
const directory = entryPath('peer', digestOf(readInCheckout(REQUIREMENTS), PLATFORM));

/** Interpreter of an environment with the package `sotopia`, which benches compare with. */
export const peerPython = path.join(directory, PYTHON);

async function build(partial, progress) {
  const uv = await provideUv(progress);
  const python = path.join(partial, PYTHON);
  await uv.run(
    ['venv', '--quiet', '--relocatable', '--python', uv.python, '--no-python-downloads', '--clear', partial],
    progress.say,
  );
  await uv.run(
    ['pip', 'install', '--no-deps', '--python', python, '-r', path.join(ROOT, REQUIREMENTS)],
    progress.say,
  );
}

/** @type {import('../steps.mjs').Step} */
export const peer = {
  name: 'Peer (Python)',
  what: 'sotopia from the Python package index, for comparison only: 0.5 GB on disk, ten seconds',
  needs: [],
  isReady: () => existsSync(peerPython),
  run: (progress) =>
    provideEntry({
      directory,
      proof: PYTHON,
      onWait: (pid) => progress.say(`waiting for another setup (process ${pid})`),
      build: (partial) => build(partial, progress),
    }),
};
