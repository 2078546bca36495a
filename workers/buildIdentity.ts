import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildIdentity } from '../activities/support/manifest';
import { version } from '../package.json';

/**
 * Which code a worker runs. The trainer is identified by its sources and its lock, since a change of either may change
 * the weights that a training stage makes.
 */
export function readBuildIdentity(trainerDirectory: string, commit: string | undefined): BuildIdentity {
  const hash = createHash('sha256');
  for (const file of trainerFiles(trainerDirectory)) {
    hash.update(`${file}\n`).update(readFileSync(join(trainerDirectory, file)));
  }
  return { version: commit ? `${version}+${commit}` : version, trainer: hash.digest('hex') };
}

function trainerFiles(directory: string): string[] {
  const sources = readdirSync(join(directory, 'src'), { recursive: true, encoding: 'utf8' });
  const python = sources.filter((file) => file.endsWith('.py')).map((file) => join('src', file));
  return [...python, 'requirements.lock'].filter((file) => existsSync(join(directory, file))).sort();
}
