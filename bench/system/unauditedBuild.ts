import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../../deploy/local/checkout';

/** How the workflow code asks whether a run is one that keeps a log. */
const KEEPS_LOG = "patched)('campaign-log')";

/**
 * A copy of this build of which the campaigns keep neither log nor histories, as those that 0.2.0 began: what the audit
 * costs is what they save. Signatures stay; one takes a tenth of a millisecond. @returns the command's script
 */
export function makeUnauditedBuild(folder: string): string {
  mkdirSync(folder, { recursive: true });
  cpSync(join(CHECKOUT, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(CHECKOUT, file), join(folder, file));
  for (const shared of ['node_modules', 'trainer', 'deploy', 'examples'])
    symlinkSync(join(CHECKOUT, shared), join(folder, shared));
  const bundle = join(folder, 'dist/workers/workflowBundle.js');
  const code = readFileSync(bundle, 'utf8');
  if (!code.includes(KEEPS_LOG)) throw new Error(`the workflow bundle does not ask for ${KEEPS_LOG}`);
  writeFileSync(bundle, code.replace(KEEPS_LOG, `${KEEPS_LOG} && false`));
  return join(folder, 'dist/cli/main.js');
}
