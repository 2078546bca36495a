import type { Command } from 'commander';
import { registerAuditExport } from './audit/export';
import { registerDiff } from './audit/diff';
import { registerLineage } from './audit/lineage';
import { registerLog } from './audit/log';
import { registerScreen } from './audit/screen';
import { registerShow } from './audit/show';
import { registerVerify } from './audit/verify';

/** Each adds a command to `pi-loop audit`. */
const REGISTER: ((audit: Command) => void)[] = [
  registerLog,
  registerShow,
  registerLineage,
  registerDiff,
  registerVerify,
  registerAuditExport,
  registerScreen,
];

/** Commands that read the store alone: they work with Temporal gone, and the local runtime stopped. */
export function registerAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('where a number came from, and whether anything was changed or left out');
  for (const register of REGISTER) register(audit);
}
