/** Finding a Python that can make environments, and uv, which fills them. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { provideEntry, entryPath } from './cacheEntry.mjs';
import { runCommand } from './command.mjs';
import { digestOf, PLATFORM, readInCheckout } from './paths.mjs';
import { uvSettings } from './pipSettings.mjs';
import { SetupError } from './setupError.mjs';

const UV_LOCK = 'deploy/setup/requirements/uv.lock';
/** torch 2.15 has wheels for these. */
const VERSIONS = ['3.11', '3.12', '3.13'];
/** Prints the real interpreter behind shims and environments, if it can make an environment with pip. */
const PROBE =
  'import ensurepip, os, sys, venv; print("%d.%d" % sys.version_info[:2], os.path.realpath(getattr(sys, "_base_executable", sys.executable)))';

function candidates() {
  const named = ['python3', ...VERSIONS.map((version) => `python${version}`), 'python'];
  const pyenv = path.join(process.env.PYENV_ROOT ?? path.join(homedir(), '.pyenv'), 'versions');
  const installed = existsSync(pyenv)
    ? readdirSync(pyenv).map((name) => path.join(pyenv, name, 'bin/python3'))
    : [];
  const usual = ['/usr/bin/python3', '/usr/local/bin/python3', '/opt/homebrew/bin/python3'];
  const own = process.env.PI_LOOP_PYTHON === undefined ? [] : [process.env.PI_LOOP_PYTHON];
  return own.length > 0 ? own : [...named, ...usual, ...installed];
}

/** @param {string} candidate @returns {Promise<string | undefined>} absolute path, or undefined when it does not serve */
async function probe(candidate) {
  try {
    const [version, executable] = (await runCommand(candidate, ['-c', PROBE])).trim().split(' ');
    return VERSIONS.includes(version ?? '') ? executable : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @returns {Promise<string>} absolute path of the first Python of a fitting version that has venv and ensurepip
 * @throws {SetupError} naming what to install
 */
export async function findPython() {
  for (const candidate of candidates()) {
    const executable = await probe(candidate);
    if (executable !== undefined) return executable;
  }
  throw new SetupError(
    `no Python ${VERSIONS.join(', ')} with venv and ensurepip was found (tried ${candidates().join(', ')})`,
    'install one, for example `apt install python3 python3-venv` or `brew install python@3.12`, or name one by PI_LOOP_PYTHON',
  );
}

let uv;

/**
 * uv in an environment of its own, made on first use.
 * @param {{ say: (line: string) => void }} progress
 * @returns {Promise<{ python: string, run: (args: string[], onLine: (line: string) => void) => Promise<string> }>} the Python it was made with, and a way to run it
 */
export function provideUv(progress) {
  uv ??= makeUv(progress);
  return uv;
}

async function makeUv(progress) {
  const python = await findPython();
  const directory = entryPath('uv', digestOf(readInCheckout(UV_LOCK), PLATFORM, python));
  await provideEntry({
    directory,
    proof: 'bin/uv',
    onWait: (pid) => progress.say(`waiting for another setup (process ${pid})`),
    build: async (partial) => {
      progress.say('python -m venv, then pip install uv');
      await runCommand(python, ['-m', 'venv', partial]);
      const install = [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--require-hashes',
        '--no-deps',
        '--only-binary=:all:',
        '-r',
        UV_LOCK,
      ];
      await runCommand(path.join(partial, 'bin/python'), install);
    },
  });
  const env = await uvSettings(path.join(directory, 'bin/python'));
  const run = (args, onLine = progress.say) =>
    runCommand(path.join(directory, 'bin/uv'), args, { env, onLine });
  return { python, run };
}
