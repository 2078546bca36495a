/** Running a command of the setup, so that it never outlives the setup. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './paths.mjs';
import { SetupError } from './setupError.mjs';

const GUARD = path.join(ROOT, 'deploy/shared/guard.sh');
/** Seconds between SIGTERM and SIGKILL once the setup is gone. */
const GRACE = '2';
/** Characters of output kept for the message of a failure. */
const KEPT_OUTPUT = 8000;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, onLine?: (line: string) => void, hint?: string, show?: boolean }} [options]
 *   show: let the command write to this terminal itself, instead of keeping what it writes
 * @returns {Promise<string>} standard output
 * @throws {SetupError} when it cannot be started or exits with another status than 0
 */
export function runCommand(command, args, options = {}) {
  const shown = [path.basename(command), ...args].join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(GUARD, [GRACE, command, ...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: options.show ? ['pipe', 'inherit', 'inherit'] : ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    let tail = '';
    const listen = (stream, keep) =>
      stream?.setEncoding('utf8').on('data', (text) => {
        if (keep) output += text;
        tail = (tail + text).slice(-KEPT_OUTPUT);
        const line = text
          .split(/[\r\n]/)
          .map((part) => part.trim())
          .filter(Boolean)
          .at(-1);
        if (line !== undefined) options.onLine?.(line);
      });
    listen(child.stdout, true);
    listen(child.stderr, false);
    child.stdin.on('error', () => {});
    child.on('error', (error) => reject(new SetupError(`\`${shown}\` cannot be started: ${error.message}`)));
    child.on('close', (status, signal) => {
      if (status === 0) resolve(output);
      else
        reject(
          new SetupError(
            `\`${shown}\` ended with ${signal ?? `status ${status}`}:\n${tail.trim()}`,
            options.hint,
          ),
        );
    });
  });
}
