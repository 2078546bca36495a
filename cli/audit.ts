import type { Command } from 'commander';
import { type Commands, registerNamed } from './registerNamed';

/** Each adds a command to `pi-loop audit`. */
const COMMANDS: Commands = {
  log: () => (require('./audit/log') as typeof import('./audit/log')).registerLog,
  show: () => (require('./audit/show') as typeof import('./audit/show')).registerShow,
  lineage: () => (require('./audit/lineage') as typeof import('./audit/lineage')).registerLineage,
  diff: () => (require('./audit/diff') as typeof import('./audit/diff')).registerDiff,
  verify: () => (require('./audit/verify') as typeof import('./audit/verify')).registerVerify,
  export: () => (require('./audit/export') as typeof import('./audit/export')).registerAuditExport,
  screen: () => (require('./audit/screen') as typeof import('./audit/screen')).registerScreen,
};

/** Commands that read the store alone: they work with Temporal gone, and the local runtime stopped. */
export function registerAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('where a number came from, and whether anything was changed or left out');
  registerNamed(COMMANDS, audit, process.argv[3]);
}
