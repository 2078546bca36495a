import { LineChild } from './childProcess';

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
