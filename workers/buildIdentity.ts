import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildIdentity } from '../activities/support/manifest';
import { version } from '../package.json';
import { checkoutDirectory } from './checkout';

/** The modules that write each of the prompts. */
const PROMPT_MODULES = {
  'sotopia-v1': ['../domain/prompts/sotopia'],
  'compact-v1': ['../domain/prompts/compact'],
  'judge-v1': ['../domain/prompts/judge'],
  'author-v1': ['../domain/tasks/authorPrompt'],
} as const;

/**
 * Which code a worker runs. The trainer is identified by its sources and its lock, since a change of either may change
 * the weights that a training stage makes.
 */
export function readBuildIdentity(trainerDirectory: string, commit: string | undefined): BuildIdentity {
  const hash = createHash('sha256');
  for (const file of trainerFiles(trainerDirectory)) {
    hash.update(`${file}\n`).update(readFileSync(join(trainerDirectory, file)));
  }
  return {
    version: commit ? `${version}+${commit}` : version,
    commit: commit ?? null,
    trainer: hash.digest('hex'),
    packages: digestOfFiles([join(checkoutDirectory(), 'package-lock.json')]),
    prompts: Object.fromEntries(
      Object.entries(PROMPT_MODULES).map(([name, modules]) => [
        name,
        digestOfFiles(modules.map((module) => require.resolve(module))),
      ]),
    ),
  };
}

function trainerFiles(directory: string): string[] {
  const sources = readdirSync(join(directory, 'src'), { recursive: true, encoding: 'utf8' });
  const python = sources.filter((file) => file.endsWith('.py')).map((file) => join('src', file));
  return [...python, 'requirements.lock'].filter((file) => existsSync(join(directory, file))).sort();
}

function digestOfFiles(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}
