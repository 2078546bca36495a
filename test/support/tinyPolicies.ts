import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { putDirectory } from '../../artifacts/directories';
import { CHECKOUT } from '../../deploy/local/checkout';
import { requireTool } from '../../deploy/local/tools';
import type { ArtifactRef } from '../../schemas/artifact';
import { type TrainerRuntime, trainerEnvironment } from '../../activities/support/trainerProcess';
import type { ObjectStore } from './objectStore';

/** The real trainer, as workers run it. */
export const realTrainer = (scratch: string): TrainerRuntime => ({
  python: requireTool('trainerPython'),
  sources: join(CHECKOUT, 'trainer/src'),
  scratch,
  environment: trainerEnvironment(process.env),
});

/** A tiny model of random weights and two adapters upon it, in the store. */
export interface TinyPolicies {
  base: ArtifactRef;
  one: ArtifactRef;
  two: ArtifactRef;
}

export async function tinyPolicies({ store, scratch }: ObjectStore): Promise<TinyPolicies> {
  const { python, sources } = realTrainer(scratch);
  const script = join(CHECKOUT, 'test/serving/fixtures/make_policies.py');
  const made = join(scratch, 'made');
  await promisify(execFile)(python, [script, made], {
    env: { ...process.env, PYTHONPATH: sources, OMP_NUM_THREADS: '1' },
  });
  const put = (name: string) => putDirectory(store, join(made, name), name);
  return { base: await put('base'), one: await put('one'), two: await put('two') };
}
