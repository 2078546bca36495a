import { Command } from 'commander';
import { version } from '../package.json';
import { StorageError } from '../artifacts/storageError';
import { LocalRuntimeError } from '../deploy/local/localRuntimeError';
import { CampaignFileError } from './campaignFile';
import { CampaignError } from '../client/campaignError';
import { registerAmend } from './amend';
import { registerAudit } from './audit';
import { registerCancel } from './cancel';
import { CommandError } from './commandError';
import { registerDemo } from './demo';
import { registerDoctor } from './doctor';
import { registerDown } from './down';
import { registerForget } from './forget';
import { registerFork } from './fork';
import { registerExport } from './export';
import { registerGc } from './gc';
import { registerApprove, registerReject } from './gates';
import { registerKeys } from './keys';
import { registerList } from './list';
import { registerPause } from './pause';
import { registerPlan } from './plan';
import { inert } from './render/inert';
import { registerRaiseLimit } from './raiseLimit';
import { registerRelease } from './release';
import { registerResult } from './result';
import { registerResume } from './resume';
import { registerRetry } from './retry';
import { registerStart } from './start';
import { registerStatus } from './status';
import { registerUp } from './up';
import { registerWatch } from './watch';

const REGISTER = [
  registerDemo,
  registerDoctor,
  registerUp,
  registerDown,
  registerPlan,
  registerStart,
  registerWatch,
  registerStatus,
  registerList,
  registerResult,
  registerRelease,
  registerKeys,
  registerPause,
  registerResume,
  registerApprove,
  registerReject,
  registerRetry,
  registerAmend,
  registerRaiseLimit,
  registerFork,
  registerGc,
  registerForget,
  registerCancel,
  registerAudit,
  registerExport,
];

/** Errors that the user can put right are printed as they are; anything else is a fault of ours, with its stack. */
function report(error: unknown): number {
  if (error instanceof CampaignFileError) {
    say(error.message);
    return 2;
  }
  if (error instanceof CommandError) {
    say(error.message);
    return error.exitCode;
  }
  if (error instanceof CampaignError) {
    say(error.message);
    return error.code === 'OTHER_PLAN' ? 2 : 1;
  }
  if (error instanceof LocalRuntimeError) {
    say(`${error.message}. What to do: ${error.hint}.`);
    return 1;
  }
  if (error instanceof StorageError) {
    say(error.message);
    return 1;
  }
  console.error(error);
  return 1;
}

/** Messages repeat what models and servers said. */
const say = (text: string): void => console.error(inert(text));

const program = new Command('pi-loop')
  .description('Sotopia-π training campaigns for social agents: durable, resumable, auditable.')
  .version(version)
  .showHelpAfterError('(`pi-loop --help` shows what there is)');
for (const register of REGISTER) register(program);
program.parseAsync().catch((error: unknown) => {
  process.exitCode = report(error);
});
