import type { Command } from 'commander';

export const DEFAULT_STATE_DIRECTORY = '.pi-loop';

export interface CommonOptions {
  /** Folder of the local runtime. */
  state: string;
  /** One JSON document on standard output instead of text. */
  json: boolean;
}

/** Options that every command about campaigns has. */
export const withCommonOptions = (command: Command): Command =>
  command
    .option(
      '--state <dir>',
      'folder of the local runtime, used where the environment names no server',
      DEFAULT_STATE_DIRECTORY,
    )
    .option('--json', 'print one JSON document', false);

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, null, 2));
