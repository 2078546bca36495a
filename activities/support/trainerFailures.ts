import type { ApplicationFailure } from '@temporalio/activity';
import type { TrainerEvent } from '../../schemas/trainerContract';
import type { FailureType } from '../../schemas/names';
import type { ChildExit } from './childProcess';
import { failure } from './failures';
import { trainerMissing, type TrainerRuntime } from './trainerProcess';

type ErrorEvent = Extract<TrainerEvent, { event: 'error' }>;

/** What the trainer says went wrong, by its code (trainer/README.md). */
export class TrainerFault extends Error {
  constructor(readonly event: ErrorEvent) {
    super(`${event.code}: ${event.message}${event.hint ? ` ${event.hint}` : ''}`);
  }
}

const AMEND = 'correct the recipe in the campaign file, and `pi-loop amend` the campaign';

/** Codes with a type of their own, and what to do. */
const KNOWN: Record<string, [FailureType, string]> = {
  DISK_FULL: [
    'TRAINER_DISK_FULL',
    'Free space where PI_LOOP_SCRATCH of the worker lies; training goes on from the newest whole checkpoint.',
  ],
  DIVERGED: [
    'TRAINER_DIVERGED',
    `No checkpoint has such weights. Lower learningRate or raise warmupRatio: ${AMEND}.`,
  ],
  OUT_OF_MEMORY: [
    'TRAINER_OUT_OF_MEMORY',
    `Lower tokensPerBatch and raise gradientAccumulation alike, set onOutOfMemory: halve, or use method: lora or qlora: ${AMEND}.`,
  ],
  QUANTISATION_UNAVAILABLE: [
    'TRAINER_QUANTISATION_UNAVAILABLE',
    `Train on a machine that bitsandbytes supports, or use method: lora: ${AMEND}.`,
  ],
  GPU_MISSING: [
    'TRAINER_GPU_MISSING',
    'Look at `nvidia-smi` and CUDA_VISIBLE_DEVICES where the worker of gpu-train starts.',
  ],
  HARDWARE: [
    'TRAINER_HARDWARE',
    'This worker takes no more training until it is started again; training goes on from the newest whole checkpoint on another.',
  ],
  PROCESS_LOST: [
    'TRAINER_STOPPED',
    'Training goes on from the newest whole checkpoint; if it happens again and again, the machine lacks memory.',
  ],
  POLICY_UNCHANGED: ['POLICY_UNCHANGED', `Raise learningRate, and look at the dataset: ${AMEND}.`],
};

export function trainerFailure({ event, message }: TrainerFault): ApplicationFailure {
  const known = KNOWN[event.code];
  if (!known) return failure('TRAINER_FAILED', message);
  const [type, whatToDo] = known;
  return failure(type, `The trainer reports: ${sentence(event.message)} ${whatToDo}`);
}

/** A trainer that ended with neither a result nor a reason. */
export function exitFailure(
  { code, signal, stderrTail, notStarted }: ChildExit,
  runtime: TrainerRuntime,
): ApplicationFailure {
  if (notStarted !== null) return trainerMissing(runtime, notStarted);
  if (code === null || code === LEFT_EARLY) {
    return failure(
      'TRAINER_STOPPED',
      `The trainer was ended (${signal ?? `exit code ${code}`}) before it was done; it goes on from its newest checkpoint.${signal === 'SIGKILL' ? ' If that happens again and again, the machine lacks memory.' : ''} ${lastLine(stderrTail)}`,
    );
  }
  return failure(
    'TRAINER_FAILED',
    `The trainer ended with code ${code} and no result: ${stderrTail.slice(-1500)}`,
  );
}

/** Exit code of a trainer that was asked to leave. */
const LEFT_EARLY = 75;

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
