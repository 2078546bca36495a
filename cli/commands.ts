import type { Command } from 'commander';
import { type Commands, registerNamed } from './registerNamed';

/** Only what is asked for is loaded: Temporal's client alone takes half a second. */
const COMMANDS: Commands = {
  demo: () => (require('./demo') as typeof import('./demo')).registerDemo,
  doctor: () => (require('./doctor') as typeof import('./doctor')).registerDoctor,
  up: () => (require('./up') as typeof import('./up')).registerUp,
  down: () => (require('./down') as typeof import('./down')).registerDown,
  plan: () => (require('./plan') as typeof import('./plan')).registerPlan,
  start: () => (require('./start') as typeof import('./start')).registerStart,
  watch: () => (require('./watch') as typeof import('./watch')).registerWatch,
  status: () => (require('./status') as typeof import('./status')).registerStatus,
  list: () => (require('./list') as typeof import('./list')).registerList,
  result: () => (require('./result') as typeof import('./result')).registerResult,
  release: () => (require('./release') as typeof import('./release')).registerRelease,
  chat: () => (require('./chat') as typeof import('./chat')).registerChat,
  keys: () => (require('./keys') as typeof import('./keys')).registerKeys,
  pause: () => (require('./pause') as typeof import('./pause')).registerPause,
  resume: () => (require('./resume') as typeof import('./resume')).registerResume,
  approve: () => (require('./gates') as typeof import('./gates')).registerApprove,
  reject: () => (require('./gates') as typeof import('./gates')).registerReject,
  retry: () => (require('./retry') as typeof import('./retry')).registerRetry,
  amend: () => (require('./amend') as typeof import('./amend')).registerAmend,
  'raise-limit': () => (require('./raiseLimit') as typeof import('./raiseLimit')).registerRaiseLimit,
  budget: () => (require('./budget') as typeof import('./budget')).registerBudget,
  fork: () => (require('./fork') as typeof import('./fork')).registerFork,
  gc: () => (require('./gc') as typeof import('./gc')).registerGc,
  forget: () => (require('./forget') as typeof import('./forget')).registerForget,
  cancel: () => (require('./cancel') as typeof import('./cancel')).registerCancel,
  audit: () => (require('./audit') as typeof import('./audit')).registerAudit,
  'import-gguf': () => (require('./importGguf') as typeof import('./importGguf')).registerImportGguf,
  export: () => (require('./export') as typeof import('./export')).registerExport,
};

export const registerCommands = (program: Command, named: string | undefined): void =>
  registerNamed(COMMANDS, program, named);
