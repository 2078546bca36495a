/** Environments of Python packages other than the trainer's: each in the cache, named after its lock. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { entryPath, provideEntry } from './cacheEntry.mjs';
import { digestOf, PLATFORM, readInCheckout, ROOT } from './paths.mjs';
import { provideUv } from './python.mjs';

const PYTHON = 'bin/python';

/**
 * @param {{ id: string, name: string, what: string, lock: string, options?: string[] }} environment
 *   id: the cache entry's; lock: path inside the checkout; options: of `uv pip install`
 * @returns {{ python: string, step: import('./steps.mjs').Step }} the interpreter's path, and the part that makes it
 */
export function pythonEnvironment({ id, name, what, lock, options = [] }) {
  const directory = entryPath(id, digestOf(readInCheckout(lock), PLATFORM));
  const python = path.join(directory, PYTHON);

  const build = async (partial, progress) => {
    const uv = await provideUv(progress);
    const made = path.join(partial, PYTHON);
    const venv = ['--relocatable', '--python', uv.python, '--no-python-downloads', '--clear', partial];
    await uv.run(['venv', '--quiet', ...venv], progress.say);
    const install = ['--no-deps', ...options, '--python', made, '-r', path.join(ROOT, lock)];
    await uv.run(['pip', 'install', ...install], progress.say);
  };

  const step = {
    name,
    what,
    needs: [],
    isReady: () => existsSync(python),
    run: (progress) =>
      provideEntry({
        directory,
        proof: PYTHON,
        onWait: (pid) => progress.say(`waiting for another setup (process ${pid})`),
        build: (partial) => build(partial, progress),
      }),
  };
  return { python, step };
}
