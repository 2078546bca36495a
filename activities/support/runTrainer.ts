import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainerEvent, type TrainingJob } from '../../schemas/trainerContract';
import { parseLine } from './childProcess';
import { exitFailure, TrainerFault } from './trainerFailures';
import { startTrainer, type TrainerRuntime } from './trainerProcess';

type EventOf<E extends TrainerEvent['event']> = Extract<TrainerEvent, { event: E }>;

export interface TrainerListener {
  onProgress(event: EventOf<'progress'>): void;
  /** The next event is heard once this is done. */
  onCheckpoint(event: EventOf<'checkpoint'>): Promise<void>;
}

/**
 * Runs a job in a child process to its end. When the signal aborts, the trainer saves a checkpoint, which is still
 * heard of, and leaves. However this returns, the child is gone.
 * Errors: TrainerFault; TRAINER_STOPPED, TRAINER_FAILED, TRAINER_MISSING; the listener's; the signal's reason.
 */
export async function runTrainer(
  runtime: TrainerRuntime,
  job: TrainingJob,
  directory: string,
  listener: TrainerListener,
  signal: AbortSignal,
): Promise<EventOf<'done'>> {
  const jobFile = join(directory, 'job.json');
  await writeFile(jobFile, JSON.stringify(job));
  signal.throwIfAborted();
  const child = startTrainer(runtime, ['train', jobFile]);
  const stop = () => void child.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const done = await follow(child.lines(), listener);
    signal.throwIfAborted();
    if (done) return done;
    throw exitFailure(await child.exited, runtime);
  } catch (error) {
    // Who asked it to leave wants to hear that it left, not what came in between.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await child.stop();
  }
}

async function follow(
  lines: AsyncIterable<string>,
  listener: TrainerListener,
): Promise<EventOf<'done'> | null> {
  let done: EventOf<'done'> | null = null;
  for await (const line of lines) {
    const event = TrainerEvent.safeParse(parseLine(line)).data;
    if (event?.event === 'error') throw new TrainerFault(event);
    if (event?.event === 'checkpoint') await listener.onCheckpoint(event);
    if (event?.event === 'progress') listener.onProgress(event);
    if (event?.event === 'done') done = event;
  }
  return done;
}
