import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { fetchDirectory, type FolderSource, putDirectory } from '../../artifacts/directories';
import type { ArtifactRef } from '../../schemas/artifact';
import { Sha256 } from '../../schemas/artifact';
import { failure } from './failures';
import { startTrainer, type TrainerRuntime } from './trainerProcess';

/** A policy on this machine; an adapter also needs the folder of the model that it was trained on. */
export interface LocalPolicy {
  directory: string;
  base: string | null;
}

/** Beside an adapter's weights: the digest of its base's folder (trainer/README.md). */
const BaseReference = z.object({ digest: Sha256 });

/** Brings a policy to this machine, with its base if it is an adapter. Errors: the signal's reason between two files. */
export async function fetchPolicy(
  store: FolderSource,
  policy: Pick<ArtifactRef, 'digest'>,
  runtime: TrainerRuntime,
  signal: AbortSignal,
): Promise<LocalPolicy> {
  const cache = join(runtime.scratch, 'policies');
  const directory = await fetchDirectory(store, policy, cache, signal);
  const base = await readFile(join(directory, 'base.json'), 'utf8').catch(() => null);
  if (base === null) return { directory, base: null };
  const { digest } = BaseReference.parse(JSON.parse(base));
  return { directory, base: await fetchDirectory(store, { digest: { sha256: digest } }, cache, signal) };
}

/**
 * The folder of a whole model to train from: the policy itself, or an adapter merged into its base. A merged model is
 * stored too, since the next adapter names it by its digest.
 */
export async function fetchWholePolicy(
  store: ArtifactStore,
  policy: ArtifactRef,
  runtime: TrainerRuntime,
  workDirectory: string,
  signal: AbortSignal,
): Promise<string> {
  const { directory, base } = await fetchPolicy(store, policy, runtime, signal);
  if (base === null) return directory;
  const merged = join(workDirectory, 'merged');
  const child = startTrainer(runtime, ['export', directory, merged, '--merge', '--base', base]);
  const stop = () => void child.stop();
  signal.addEventListener('abort', stop, { once: true });
  for await (const _line of child.lines()) void _line;
  const { code, stderrTail } = await child.exited;
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (code !== 0)
    throw failure(
      'TRAINER_FAILED',
      `The adapter ${policy.digest.sha256} could not be merged into its base: ${stderrTail.slice(-1000)}`,
    );
  await putDirectory(store, merged, 'merged-policy');
  return merged;
}

const WEIGHTS = '.safetensors';

/**
 * Stores what a trainer made. That it says it is done is not believed: there must be weights, and they must not be
 * those that it was given. Errors: POLICY_WEIGHTS_MISSING, POLICY_UNCHANGED.
 * @param start the policy it started from, if any
 */
export async function putTrainedPolicy(
  store: ArtifactStore,
  directory: string,
  start: ArtifactRef | null,
): Promise<ArtifactRef> {
  // A folder that was not made at all is one without weights.
  await mkdir(directory, { recursive: true });
  const policy = await putDirectory(store, directory, 'policy');
  const weights = await weightsOf(store, policy);
  if (weights.length === 0) {
    throw failure(
      'POLICY_WEIGHTS_MISSING',
      `The trainer says that it is done, and there are no weights (*${WEIGHTS}) in what it made. Look at its log in the worker's.`,
    );
  }
  const given = new Set(start ? await weightsOf(store, start) : []);
  if (weights.every((digest) => given.has(digest))) {
    throw failure(
      'POLICY_UNCHANGED',
      `The trained policy has the weights of ${start?.digest.sha256}, from which it started. Raise learningRate, and look at the dataset: correct the recipe in the campaign file, and \`pi-loop amend\` the campaign.`,
    );
  }
  return policy;
}

async function weightsOf(store: ArtifactStore, policy: ArtifactRef): Promise<string[]> {
  const { files } = await store.getListing(policy);
  return files.filter(({ name }) => name.endsWith(WEIGHTS)).map(({ sha256 }) => sha256);
}
