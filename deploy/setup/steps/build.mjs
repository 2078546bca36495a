import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import directoryLock from '../../shared/directoryLock.cjs';
import { lockPath } from '../cacheEntry.mjs';
import { runCommand } from '../command.mjs';
import { digestOf, readInCheckout, ROOT } from '../paths.mjs';
import { nodePackages } from './nodePackages.mjs';

const DIST = path.join(ROOT, 'dist');
/** Records in dist what it was built from. */
const STAMP = 'built-from';
const CONFIGURATION = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** Sorted paths of the sources, from the folders that tsconfig.json names. */
function sources() {
  const { include } = JSON.parse(readInCheckout('tsconfig.json').toString());
  const folders = include.map((pattern) => pattern.split('/')[0]).filter((folder) => folder !== 'test');
  return folders
    .filter((folder) => existsSync(path.join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true })
        .filter((name) => /\.(ts|cjs)$/.test(name))
        .map((name) => path.join(folder, name)),
    )
    .sort();
}

function sourcesDigest() {
  return digestOf(...[...CONFIGURATION, ...sources()].flatMap((file) => [file, readInCheckout(file)]));
}

function isReady() {
  const stamp = path.join(DIST, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourcesDigest();
}

/** Builds beside dist and swaps, so that dist is never half built and holds nothing of deleted sources. */
async function build(progress) {
  if (isReady()) return;
  const digest = sourcesDigest();
  removeLeftovers();
  const partial = path.join(ROOT, `dist.partial-${process.pid}`);
  try {
    await compile(partial, progress);
    writeFileSync(path.join(partial, STAMP), digest);
    if (existsSync(DIST)) renameSync(DIST, `${partial}-old`);
    renameSync(partial, DIST);
  } finally {
    removeLeftovers();
  }
}

async function compile(outDir, progress) {
  progress.say('tsc');
  const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  await runCommand(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', outDir]);
  const bundler = path.join(outDir, 'workers/buildWorkflowBundle.js');
  if (!existsSync(bundler)) return;
  progress.say('workflow bundle');
  await runCommand(process.execPath, [bundler]);
}

function removeLeftovers() {
  for (const name of readdirSync(ROOT)) {
    if (name.startsWith('dist.partial-')) rmSync(path.join(ROOT, name), { recursive: true, force: true });
  }
}

/** @type {import('../steps.mjs').Step} */
export const typescriptBuild = {
  name: 'TypeScript build',
  what: 'tsc and the workflow bundle into dist/: a few seconds',
  needs: [nodePackages],
  isReady,
  run: (progress) =>
    directoryLock.withLock(
      lockPath(`checkout-${digestOf(ROOT)}`),
      () => build(progress),
      (owner) => progress.say(`waiting for another setup (process ${owner.pid})`),
    ),
};
