import type { Command } from 'commander';
import { examine, type Finding } from '../deploy/local/doctor';
import { DEFAULT_STATE_DIRECTORY } from '../deploy/local/stateDirectory';

const MARKS: Record<Finding['state'], string> = { ok: '✓', warning: '!', missing: '✗' };

/** Adds `pi-loop doctor`; exit status 1 when something that is needed is missing. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what is there, what is missing, what to do')
    .option('--state <dir>', 'folder of the local runtime', DEFAULT_STATE_DIRECTORY)
    .option('--json', 'one JSON document instead of a table')
    .action(async ({ state, json }: { state: string; json?: boolean }) => {
      const findings = await examine(state, process.env);
      process.stdout.write(json === true ? `${JSON.stringify({ findings }, null, 2)}\n` : table(findings));
      if (findings.some((finding) => finding.state === 'missing')) process.exitCode = 1;
    });
}

function table(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ part }) => part.length));
  return findings
    .map(({ part, state, found, todo }) => {
      const line = `${MARKS[state]} ${part.padEnd(width)}  ${found}\n`;
      return todo === undefined ? line : `${line}  ${' '.repeat(width)}  → ${todo}\n`;
    })
    .join('');
}
