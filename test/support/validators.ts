import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHECKOUT } from '../../deploy/local/checkout';

const run = promisify(execFile);
const SCRIPTS = join(CHECKOUT, 'test/formats/validators');

/** What is validated must not depend on the net: whoever asks it is refused at once. */
const OFFLINE = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1,localhost',
  HF_HUB_OFFLINE: '1',
  LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  SOTOPIA_STORAGE_BACKEND: 'local',
};

/** Environments of Python, each made by the part of the setup of the same name. */
export type ValidatorEnvironment = 'validators' | 'peer';

const interpreters = new Map<ValidatorEnvironment, Promise<string>>();

/** Path of the environment's Python; made now if the setup has not. */
function interpreterOf(environment: ValidatorEnvironment): Promise<string> {
  const known = interpreters.get(environment);
  if (known) return known;
  const setup = join(CHECKOUT, `deploy/setup/${environment}.mjs`);
  const interpreter = run(process.execPath, [setup]).then(({ stdout }) => stdout.trim());
  interpreters.set(environment, interpreter);
  return interpreter;
}

/**
 * Runs a script of test/formats/validators with other projects' packages: what they read and say of our files.
 * @param script such as `dsse.py`; it prints one JSON document, and exits 1 with a message for what is not valid
 * @param environment `peer` for the package `sotopia`
 * @returns the document. Errors: with the script's standard error as message
 */
export async function validate(
  script: string,
  args: readonly string[] = [],
  environment: ValidatorEnvironment = 'validators',
): Promise<unknown> {
  const home = mkdtempSync(join(tmpdir(), 'validators-'));
  try {
    const { stdout } = await run(await interpreterOf(environment), [join(SCRIPTS, script), ...args], {
      env: { ...process.env, ...OFFLINE, HOME: home },
      cwd: home,
      maxBuffer: 1 << 28,
    });
    return JSON.parse(stdout);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
