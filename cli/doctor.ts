import type { Command } from 'commander';
import { examine, type Finding } from '../deploy/local/doctor';
import { type ProbedModel, probeModels } from '../preflight/probeModels';
import { readCampaignFile } from './campaignFile';
import { renderProbedModels } from './render/probedModels';
import { variablesOf } from './variables';
import { DEFAULT_STATE_DIRECTORY } from '../deploy/local/stateDirectory';

const MARKS: Record<Finding['state'], string> = { ok: '✓', warning: '!', missing: '✗' };

/** Adds `pi-loop doctor`; exit status 1 when something that is needed is missing. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor [file]')
    .description(
      'what is there, what is missing, what to do; with a campaign file also what its models offer',
    )
    .option('--state <dir>', 'folder of the local runtime', DEFAULT_STATE_DIRECTORY)
    .option('--json', 'one JSON document instead of a table')
    .action(async (file: string | undefined, { state, json }: { state: string; json?: boolean }) => {
      const findings = await examine(state, process.env);
      const models = file === undefined ? [] : await probeFile(file, state);
      const found = { findings, ...(file !== undefined && { models }) };
      process.stdout.write(json === true ? `${JSON.stringify(found, null, 2)}\n` : table(findings));
      if (json !== true && models.length > 0) console.log(`\n${renderProbedModels(models)}`);
      const isMissing = findings.some((finding) => finding.state === 'missing');
      if (isMissing || models.some(({ failure, lacks }) => failure || lacks.length > 0)) process.exitCode = 1;
    });
}

async function probeFile(file: string, state: string): Promise<ProbedModel[]> {
  const { spec } = await readCampaignFile(file, 'optional');
  return probeModels(spec, variablesOf(state));
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
