/** What a setup is made of, and running it: a part starts as soon as the parts it needs are there. */
import { mkdirSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE, TOOLS_FILE } from './paths.mjs';
import { SetupError } from './setupError.mjs';
import { typescriptBuild } from './steps/build.mjs';
import { nodePackages } from './steps/nodePackages.mjs';
import { peer } from './steps/peer.mjs';
import { temporal } from './steps/temporal.mjs';
import { trainer } from './steps/trainer.mjs';
import { validators } from './steps/validators.mjs';
import { versitygw } from './steps/versitygw.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} what how, how big, how long
 * @property {Step[]} needs
 * @property {number} [diskBytes] room it needs in the cache; asked for where it is much
 * @property {Record<string, string>} [provides] paths of tools, for tools.json
 * @property {() => boolean} isReady quick: it is asked before every command
 * @property {(progress: { say: (line: string) => void }) => Promise<void>} run
 */

const runtime = [nodePackages, typescriptBuild, temporal, versitygw, trainer];

/** Parts by purpose. */
export const PURPOSES = {
  build: [nodePackages, typescriptBuild],
  runtime,
  peer: [peer],
  validators: [validators],
  test: [...runtime, peer, validators],
};

/** @param {Step[]} steps @throws {SetupError} */
function checkDisk(steps) {
  const wanted = steps.reduce((sum, step) => sum + (step.diskBytes ?? 0), 0);
  if (wanted === 0) return;
  mkdirSync(CACHE, { recursive: true });
  const { bavail, bsize } = statfsSync(CACHE);
  if (bavail * bsize >= wanted) return;
  const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new SetupError(
    `${CACHE} has ${gigabytes(bavail * bsize)} left, and the setup needs ${gigabytes(wanted)}`,
    'make room, or name a folder on another disk by PI_LOOP_CACHE',
  );
}

/** Where each tool is, or will be once its part is set up. Nothing without node_modules, which npm fills first. */
function writeTools() {
  if (!nodePackages.isReady()) return;
  const tools = Object.assign({}, ...PURPOSES.runtime.map((step) => step.provides ?? {}));
  mkdirSync(path.dirname(TOOLS_FILE), { recursive: true });
  const partial = `${TOOLS_FILE}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(tools, null, 2)}\n`);
  renameSync(partial, TOOLS_FILE);
}

/**
 * @param {Step[]} steps in an order in which each comes after what it needs
 * @param {import('./progress.mjs').Progress} progress
 * @returns {Promise<boolean>} false when everything was there already
 * @throws {SetupError | AggregateError} the failed parts; the others are finished first, so that trying again is cheap
 */
export async function runSteps(steps, progress) {
  const missing = steps.filter((step) => !step.isReady());
  checkDisk(missing);
  try {
    if (missing.length > 0) await runMissing(missing, steps.length, progress);
  } finally {
    writeTools();
  }
  return missing.length > 0;
}

/** @param {Step[]} missing @param {number} total @param {import('./progress.mjs').Progress} progress */
async function runMissing(missing, total, progress) {
  progress.line(`setting up ${missing.length} of ${total} parts; what checkouts share goes to ${CACHE}`);
  for (const step of missing) progress.line(`  ${step.name}: ${step.what}`);
  const running = new Map();
  for (const step of missing) running.set(step, startAfter(step, running, progress));
  const outcomes = await Promise.allSettled(running.values());
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) throw failures.find((failure) => failure instanceof SetupError) ?? failures[0];
}

async function startAfter(step, running, progress) {
  await Promise.all(step.needs.map((need) => running.get(need)));
  const part = progress.start(step.name);
  const started = performance.now();
  try {
    await step.run(part);
    progress.end(step.name, `ready, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    progress.end(step.name, 'FAILED');
    throw error;
  }
}
