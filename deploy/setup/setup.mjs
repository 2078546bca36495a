/**
 * node deploy/setup/setup.mjs [--runtime | --build] [--quiet]
 * Provides what the purpose needs and is not there yet. Speaks on standard error only. Exits 1 when it cannot.
 */
import { pathToFileURL } from 'node:url';
import { Progress } from './progress.mjs';
import { PURPOSES, runSteps } from './steps.mjs';

/**
 * @param {keyof typeof PURPOSES} purpose
 * @param {{ quiet?: boolean }} [options]
 * @returns {Promise<number>} seconds it took
 */
export async function setUp(purpose, options = {}) {
  const progress = new Progress(options.quiet ?? false);
  const didWork = await runSteps(PURPOSES[purpose], progress);
  if (didWork) progress.line(`setup done in ${progress.seconds().toFixed(1)} s`);
  return progress.seconds();
}

/** Says why a setup failed. @param {Error & { hint?: string }} error */
export function reportFailure(error) {
  if (error.name !== 'SetupError') throw error;
  process.stderr.write(`\nsetup failed: ${error.message}\n${error.hint ? `→ ${error.hint}\n` : ''}`);
  process.stderr.write('What is finished is kept; run the same command again to go on.\n');
}

/** Like setUp, but a failure ends this process with its message. */
export async function setUpOrExit(purpose, options) {
  try {
    return await setUp(purpose, options);
  } catch (error) {
    reportFailure(error);
    process.exit(1);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const purpose = process.argv.includes('--build') ? 'build' : 'runtime';
  await setUpOrExit(purpose, { quiet: process.argv.includes('--quiet') });
}
