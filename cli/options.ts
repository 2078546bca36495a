import { type Command, InvalidArgumentError } from 'commander';
import { Name } from '../schemas/name';
import { inert } from './render/inert';

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

export const printJson = (value: unknown): void => console.log(inert(JSON.stringify(value, null, 2)));

/** An id that a campaign may have. */
export function parseCampaignId(text: string): string {
  const { data, error } = Name.safeParse(text);
  if (data === undefined) throw new InvalidArgumentError(error?.issues[0]?.message ?? 'not an id');
  return data;
}

/** A whole number from 0, as campaign files have it. */
export function parseSeed(text: string): number {
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) {
    throw new InvalidArgumentError('expected a whole number from 0 to 2147483647');
  }
  return seed;
}
