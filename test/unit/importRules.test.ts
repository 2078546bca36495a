import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const CHECKOUT = path.resolve(__dirname, '../..');

/** Folder, import, and whether the lint rules allow it there. */
const CASES: [string, string, boolean][] = [
  ['schemas', "import { z } from 'zod';", true],
  ['schemas', "import { readFile } from 'node:fs/promises';", false],
  ['schemas', "import { plan } from '../domain/plan';", false],
  ['domain', "import { Episode } from '../schemas/episode';", true],
  ['domain', "import { readFile } from 'node:fs/promises';", false],
  ['domain', "import { create } from '../activities/episodes';", false],
  ['artifacts', "import { create } from '../activities/episodes';", false],
  ['activities', "import { campaign } from '../workflows/trainingCampaign';", false],
  ['workflows', "import type { Activities } from '../activities';", true],
  ['workflows', "import { create } from '../activities';", false],
  ['workflows', "import type { Plan } from '../schemas/plan';", true],
  ['workflows', "import { Plan } from '../schemas/plan';", false],
  ['workflows', "import { TASK_QUEUES } from '../schemas/names';", true],
  ['workflows', "import { planCampaign } from '../domain/plan';", true],
  ['workflows', "import { score } from '../domain/statistics';", false],
  ['workflows', "import { z } from 'zod';", false],
  ['workflows', "import { readFile } from 'node:fs/promises';", false],
  ['workflows', "import { proxyActivities } from '@temporalio/workflow';", true],
  ['workflows', "import { Client } from '@temporalio/client';", false],
  ['workers', "import { create } from '../activities';", true],
  ['workers', "import { register } from '../cli/start';", false],
  ['simulator', "import { score } from '../domain/statistics';", false],
  ['cli', "import { progress } from '../workflows/messages';", true],
  ['cli', "import { campaign } from '../workflows/trainingCampaign';", false],
  ['cli', "import { run } from '../workers/runWorkers';", false],
  ['audit', "import { Plan } from '../schemas/plan';", true],
  ['audit', "import { create } from '../activities/stages';", false],
  ['audit', "import { Client } from '@temporalio/client';", false],
  ['formats', "import { readCampaign } from '../audit/readCampaign';", true],
  ['formats', "import { run } from '../cli/start';", false],
  ['chat', "import { Conversations } from '../activities/conversation/playConversation';", true],
  ['chat', "import { create } from '../activities/serving';", false],
  ['chat', "import { register } from '../cli/chat';", false],
  ['preflight', "import { resolveEndpoint } from '../activities/models/endpoint';", true],
  ['preflight', "import { create } from '../activities/probes';", false],
  ['audit', "import { talk } from '../chat/talk';", false],
  ['activities', "import { readCampaign } from '../audit/readCampaign';", false],
  ['deploy', "import { run } from '../cli/start';", false],
];

let reported: Set<string>;
beforeAll(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rules-'));
  copyFileSync(path.join(CHECKOUT, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
  CASES.forEach(([where, statement], index) => {
    mkdirSync(path.join(folder, where), { recursive: true });
    writeFileSync(path.join(folder, where, `case${index}.ts`), `${statement}\n`);
  });
  reported = restrictedImports(folder);
  rmSync(folder, { recursive: true });
});

/** Files in which oxlint reports a forbidden import. */
function restrictedImports(folder: string): Set<string> {
  const oxlint = path.join(CHECKOUT, 'node_modules/oxlint/bin/oxlint');
  let report: string;
  try {
    report = execFileSync(process.execPath, [oxlint, '-f', 'unix'], { cwd: folder, encoding: 'utf8' });
  } catch (error) {
    report = (error as { stdout: string }).stdout;
  }
  const lines = report.split('\n').filter((line) => line.includes('no-restricted-imports'));
  return new Set(lines.map((line) => line.split(':')[0] ?? ''));
}

test.each(
  CASES.map(([where, statement, allowed], index) => [
    where,
    statement,
    allowed ? 'allowed' : 'refused',
    index,
  ]),
)('in %s, %s is %s', (where, _statement, expected, index) => {
  const isReported = reported.has(`${where}/case${index}.ts`);
  expect(isReported ? 'refused' : 'allowed').toBe(expected);
});
