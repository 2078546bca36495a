import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DirectoryBucket } from '../../artifacts/bucket';
import { built, CHECKOUT } from '../../deploy/local/checkout';
import { withLock } from '../../deploy/shared/directoryLock.cjs';
import { TINY } from './campaignRuns';

const run = promisify(execFile);
const CACHE = join(CHECKOUT, 'node_modules/.cache/pi-loop');

export interface FinishedCampaign {
  id: string;
  /** Folder of a local runtime that has stopped. Nobody writes into it. */
  state: string;
  /** Folder of its bucket. */
  directory: string;
  bucket: DirectoryBucket;
}

/** A small campaign that real parts have played to its end; played once a build, whichever test asks first. */
export async function finishedCampaign(): Promise<FinishedCampaign> {
  const build = readFileSync(built('built-from'), 'utf8').trim();
  const state = join(CACHE, `finished-${build}`);
  mkdirSync(CACHE, { recursive: true });
  await withLock(join(CACHE, 'finished.lock'), async () => {
    if (existsSync(state)) return;
    for (const name of readdirSync(CACHE))
      if (name.startsWith('finished-')) rmSync(join(CACHE, name), { recursive: true, force: true });
    const partial = `${state}.partial`;
    await run(
      process.execPath,
      [built('cli/main.js'), 'demo', '--file', TINY, '--state', partial, '--json'],
      {
        maxBuffer: 1 << 26,
      },
    );
    renameSync(partial, state);
  });
  const directory = join(state, 'buckets', 'pi-loop');
  return { id: 'tiny', state, directory, bucket: new DirectoryBucket(directory) };
}
