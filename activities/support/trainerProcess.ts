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
  /** What the trainer may see of the environment (`trainerEnvironment`). */
  environment: Record<string, string>;
}

const TRAINER_VARIABLES = [
  'PATH',
  'HOME',
  'CUDA_VISIBLE_DEVICES',
  'OMP_NUM_THREADS',
  'OPENBLAS_CORETYPE',
  'TMPDIR',
];

/** What the trainer's processes may see of an environment. */
export const trainerEnvironment = (
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string> =>
  Object.fromEntries(
    TRAINER_VARIABLES.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])),
  );

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
