import type { Command } from 'commander';
import { type BucketOptions, withBucketOptions } from '../openBucket';

export interface IndexOptions extends BucketOptions {
  campaign?: string;
  index: boolean;
}

/** Options of the commands that answer from copies of a campaign's indexes. */
export const withIndexOptions = (command: Command): Command =>
  withBucketOptions(command)
    .option('--campaign <id>', 'the campaign that is meant; by default the one that did something last')
    .option('--no-index', 'read everything from the store, and keep no copies in the cache');
