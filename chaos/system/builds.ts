import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../../deploy/local/checkout';

/** Two releases of the same product: they differ in the identity that workers tell, and in their workflow code's text. */
export const BUILDS = ['a', 'b'] as const;
export type Build = (typeof BUILDS)[number];

/** Workers of a build run from a copy, so that a rebuild of the checkout changes nothing under a run. */
export function makeBuild(folder: string, build: Build): void {
  const root = buildFolder(folder, build);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  cpSync(join(CHECKOUT, 'dist'), join(root, 'dist'), { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(CHECKOUT, file), join(root, file));
  for (const shared of ['node_modules', 'trainer', 'deploy'])
    symlinkSync(join(CHECKOUT, shared), join(root, shared));
  const bundle = join(root, 'dist/workers/workflowBundle.js');
  // In front: the SDK takes all that follows the last comment for the source map.
  writeFileSync(bundle, `// build ${build}\n${readFileSync(bundle, 'utf8')}`);
}

export const workerScript = (folder: string, build: Build): string =>
  join(buildFolder(folder, build), 'dist/workers/main.js');

const buildFolder = (folder: string, build: Build): string => join(folder, build);
