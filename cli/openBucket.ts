import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Bucket, DirectoryBucket } from '../artifacts/bucket';
import { CommandError } from './commandError';
import { variablesOf } from './variables';
import { type CommonOptions, withCommonOptions } from './options';

export interface BucketOptions extends CommonOptions {
  /** A folder that holds a bucket's objects as files. */
  directory?: string;
}

/** Options of every command that reads the store alone; Temporal is not asked. */
export const withBucketOptions = (command: Command): Command =>
  withCommonOptions(command).option(
    '--directory <dir>',
    "read a bucket's copy in this folder (an export, or the folder of an S3 server) instead of the store",
  );

export interface OpenedBucket {
  bucket: Bucket;
  close(): void;
}

/**
 * Where the audit reads: the folder that was named; else the S3 store of the environment or of the running local
 * runtime; else the folder in which a stopped local runtime keeps its bucket. Errors: CommandError when there is none.
 */
export function openBucket({ state, directory }: Pick<BucketOptions, 'state' | 'directory'>): OpenedBucket {
  if (directory !== undefined) return openDirectory(directory);
  const variables = variablesOf(state);
  const name = variables['S3_BUCKET'] ?? 'pi-loop';
  const atRest = join(resolve(state), 'buckets', name);
  if (variables['S3_ENDPOINT'] === undefined && existsSync(atRest)) return openDirectory(atRest);
  if (variables['S3_ENDPOINT'] === undefined && variables['AWS_ACCESS_KEY_ID'] === undefined) {
    throw new CommandError(
      `There is no store to read: no local runtime has kept a bucket in ${resolve(state)}, and the environment names none. Name one by --state, --directory, or S3_ENDPOINT and S3_BUCKET.`,
    );
  }
  // The store's client takes a moment to load: whoever reads a folder does without it.
  const { createStore } = require('./createStore') as typeof import('./createStore');
  const store = createStore(variables);
  return { bucket: store, close: () => store.close() };
}

function openDirectory(directory: string): OpenedBucket {
  const folder = resolve(directory);
  if (!existsSync(folder)) throw new CommandError(`There is no folder ${folder}.`);
  return { bucket: new DirectoryBucket(folder), close: () => undefined };
}
