import type { ApplicationFailure } from '@temporalio/activity';
import { LineChild } from './childProcess';
import { failure } from './failures';

export interface TrainerRuntime {
  /** Python interpreter of the trainer's environment. */
  python: string;
  /** Folder that holds the `pi_trainer` package. */
  sources: string;
  /** Folder for downloads and running jobs; may be deleted between runs. */
  scratch: string;
  /** Variables that the trainer needs of the worker's environment: PATH, HOME, CUDA_VISIBLE_DEVICES, OMP_NUM_THREADS. */
  environment: Record<string, string>;
}

/** The interpreter that a worker is told to use is not there, or may not be run. */
export const trainerMissing = ({ python }: TrainerRuntime, why: string): ApplicationFailure =>
  failure(
    'TRAINER_MISSING',
    `The trainer's Python ${python} cannot be started (${why}). Set PI_LOOP_TRAINER_PYTHON where the workers of gpu-train and gpu-serve start (\`npm run setup\` makes an environment for it), then start the campaign again.`,
  );

/** Long enough to save a checkpoint. */
const TRAINER_GRACE_MS = 60_000;

/** Starts a command of the Python trainer. Keys of model providers never reach it. */
export function startTrainer(runtime: TrainerRuntime, args: string[]): LineChild {
  return new LineChild({
    command: runtime.python,
    args: ['-m', 'pi_trainer', ...args],
    graceMs: TRAINER_GRACE_MS,
    env: {
      ...runtime.environment,
      PYTHONPATH: runtime.sources,
      PYTHONUNBUFFERED: '1',
      HF_HUB_OFFLINE: '1',
      TOKENIZERS_PARALLELISM: 'false',
    },
  });
}
