import { basename, join } from 'node:path';
import type { TrainingJob } from '../../schemas/trainerContract';
import { sha256 } from '../../artifacts/canonicalJson';
import type { Files } from './simulatedProcess';
import type { TrainerChild } from './trainerChild';

const LOADING_MS = 2_000;
const STEP_MS = 400;
const SAVING_MS = 100;
/** The trainer's exit code when it was asked to leave. */
const LEFT_EARLY = 75;

/** What training has come to: weights that depend on every step before, so that a wrong resumption shows. */
interface State {
  step: number;
  weights: string;
}

/**
 * Stands for `pi_trainer train`: weights are a hash of all that decides them, checkpoints resume, and with a full disk
 * none can be written.
 */
export function trainPolicy(child: TrainerChild, jobFile: string): void {
  const { files, world } = child.parent;
  const job = JSON.parse(String(files.get(jobFile))) as TrainingJob;
  const { steps = 0, checkpointEvery } = job.recipe;
  let state = startOf(files, job);
  const save = (): void => {
    if (world.clock.now < world.trainerDiskFullUntil) {
      child.say({ event: 'error', code: 'DISK_FULL', message: 'No space left on device' });
      child.exit(1);
      return;
    }
    const directory = join(job.workDirectory, `checkpoint-${state.step}`);
    const policy = join(job.workDirectory, `export-${state.step}`);
    write(files, directory, { 'state.json': JSON.stringify(state) });
    write(files, policy, { 'model.safetensors': state.weights });
    child.say({ event: 'checkpoint', step: state.step, directory, policy });
  };
  const finish = (): void => {
    const directory = join(job.workDirectory, 'policy');
    write(files, directory, { 'model.safetensors': state.weights });
    child.say({ event: 'done', directory, step: state.step, metrics: { weights: state.weights } });
    child.exit(0);
  };
  const train = (): void => {
    if (state.step >= steps) return finish();
    state = next(state);
    child.say({ event: 'progress', step: state.step, steps, loss: 1 / state.step, tokensPerSecond: 1 });
    if (state.step % checkpointEvery === 0 || state.step === steps) save();
    child.later(STEP_MS, train);
  };
  child.onStop = () => {
    child.onStop = () => undefined;
    child.later(SAVING_MS, () => {
      save();
      child.exit(LEFT_EARLY);
    });
  };
  child.later(LOADING_MS, train);
}

/** Stands for `pi_trainer serve`: says where it answers once it is loaded. @param directory named by its digest */
export function servePolicy(child: TrainerChild, directory: string): void {
  const { policyServers } = child.parent.world;
  child.later(LOADING_MS, () => {
    const digest = basename(directory);
    const baseUrl = policyServers.open(digest, child);
    child.say({ event: 'ready', baseUrl, digest });
  });
}

function startOf(files: Files, { model, datasets, recipe, resumeFrom }: TrainingJob): State {
  if (resumeFrom) return JSON.parse(String(files.get(join(resumeFrom, 'state.json')))) as State;
  const read = (path: string) => String(files.get(path));
  const from = 'initialise' in model ? model.initialise : read(join(model.directory, 'model.safetensors'));
  return { step: 0, weights: sha256(JSON.stringify([from, datasets.map(read), recipe])) };
}

const next = ({ step, weights }: State): State => ({ step: step + 1, weights: sha256(`${weights}${step}`) });

function write(files: Files, directory: string, contents: Record<string, string>): void {
  files.set(directory, null);
  for (const [name, content] of Object.entries(contents))
    files.set(join(directory, name), Buffer.from(content));
}
