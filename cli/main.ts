import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import { StorageError } from '../artifacts/storageError';
import { LocalRuntimeError } from '../deploy/local/localRuntimeError';
import { CampaignFileError } from './campaignFile/campaignFileError';
import { CampaignError } from '../client/campaignError';
import { CommandError } from './commandError';
import { registerCommands } from './commands';
import { inert } from './render/inert';

/** Errors that the user can put right are printed as they are; anything else is a fault of ours, with its stack. */
function report(error: unknown): number {
  // It has said so itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
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
  .exitOverride()
  .showHelpAfterError('(`pi-loop --help` shows what there is)');
registerCommands(program, process.argv[2]);
program.parseAsync().catch((error: unknown) => {
  process.exitCode = report(error);
});
