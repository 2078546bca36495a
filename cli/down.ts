import path from 'node:path';
import type { Command } from 'commander';
import { LocalRuntimeError } from '../deploy/local/localRuntimeError';
import { DEFAULT_STATE_DIRECTORY } from '../deploy/local/stateDirectory';
import { stopRuntime } from '../deploy/local/stopRuntime';

/** Adds `pi-loop down`. */
export function registerDown(program: Command): void {
  program
    .command('down')
    .description('stop what `pi-loop up` started, and nothing else; what it stored stays')
    .option('--state <dir>', 'folder that `up` was started with', DEFAULT_STATE_DIRECTORY)
    .action(async ({ state }: { state: string }) => {
      try {
        const { stopped, forced } = await stopRuntime(state);
        process.stdout.write(`${describe(path.resolve(state), stopped, forced)}\n`);
      } catch (error) {
        if (!(error instanceof LocalRuntimeError)) throw error;
        process.stderr.write(`${error.code}: ${error.message}\n→ ${error.hint}\n`);
        process.exitCode = 1;
      }
    });
}

function describe(directory: string, stopped: readonly string[], forced: boolean): string {
  if (stopped.length === 0) return `nothing runs under ${directory}`;
  return `stopped ${stopped.join(', ')}${forced ? ' (by force)' : ''}; data and logs stay in ${directory}`;
}
