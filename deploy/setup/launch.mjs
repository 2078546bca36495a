/** Runs a built entry in this very process: one process to stop, and the terminal's signals reach it directly. */
import Module from 'node:module';
import path from 'node:path';
import { ROOT } from './paths.mjs';
import { setUpOrExit } from './setup.mjs';

/**
 * @param {string} entry path under dist
 * @param {string[]} args
 * @param {import('./steps.mjs').PURPOSES extends infer P ? keyof P : never} [purpose]
 */
export async function setUpAndRun(entry, args, purpose = 'runtime') {
  const seconds = await setUpOrExit(purpose);
  // Our own engines field says which Node we support; the SDK's notice would only stand between the lines of output.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  process.env.PI_LOOP_SETUP_SECONDS = seconds.toFixed(3);
  const script = path.join(ROOT, 'dist', entry);
  process.argv = [process.execPath, script, ...args];
  Module.runMain(script);
}
