import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { fetchDirectory, putDirectory } from '../../artifacts/directories';
import type { ArtifactRef } from '../../schemas/artifact';
import { Sha256 } from '../../schemas/artifact';
import { MEDIA_TYPES } from '../../schemas/names';
import { failure } from './failures';
import { startTrainer, type TrainerRuntime } from './trainerProcess';

/** A policy on this machine; an adapter also needs the folder of the model that it was trained on. */
export interface LocalPolicy {
  directory: string;
  base: string | null;
}

/** Beside an adapter's weights: the digest of its base's folder (trainer/README.md). */
const BaseReference = z.object({ digest: Sha256 });

/** Brings a policy to this machine, with its base if it is an adapter. */
export async function fetchPolicy(
  store: ArtifactStore,
  policy: ArtifactRef,
  runtime: TrainerRuntime,
): Promise<LocalPolicy> {
  const cache = join(runtime.scratch, 'policies');
  const directory = await fetchDirectory(store, policy, cache);
  const base = await readFile(join(directory, 'base.json'), 'utf8').catch(() => null);
  if (base === null) return { directory, base: null };
  const { digest } = BaseReference.parse(JSON.parse(base));
  return {
    directory,
    base: await fetchDirectory(store, store.reference(digest, 'base', MEDIA_TYPES.directory, 0), cache),
  };
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
): Promise<string> {
  const { directory, base } = await fetchPolicy(store, policy, runtime);
  if (base === null) return directory;
  const merged = join(workDirectory, 'merged');
  const child = startTrainer(runtime, ['export', directory, merged, '--merge', '--base', base]);
  for await (const _line of child.lines()) void _line;
  const { code, stderrTail } = await child.exited;
  if (code !== 0)
    throw failure(
      'TRAINER_FAILED',
      `The adapter ${policy.digest.sha256} could not be merged into its base: ${stderrTail.slice(-1000)}`,
    );
  await putDirectory(store, merged, 'merged-policy');
  return merged;
}
