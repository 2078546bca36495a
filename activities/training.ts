import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { ArtifactRef } from '../schemas/artifact';
import type { ParametersOf, StageCost } from '../schemas/plan';
import { type PolicyCheckpoint, TrainerEvent, type TrainingJob } from '../schemas/training';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { keepCheckpoint, listCheckpoints } from './support/checkpoints';
import { type LineChild, parseLine } from './support/childProcess';
import { fetchDirectory, putDirectory } from '../artifacts/directories';
import { failure } from './support/failures';
import { fetchWholePolicy } from './support/policyFiles';
import { whileAlive } from './support/heartbeat';
import { FREE, inputOf, type Plans, type StageOutcome, type StageWork } from './support/stageWork';
import { startTrainer, trainerMissing, type TrainerRuntime } from './support/trainerProcess';

export interface TrainingDependencies {
  store: ArtifactStore;
  plans: Plans;
  trainer: TrainerRuntime;
}

/** What a watcher sees of a running job. */
interface TrainingProgress {
  stage: string;
  step: number;
  steps: number;
  loss: number | null;
  tokensPerSecond: number | null;
}

interface FinishedJob {
  metrics: Record<string, unknown>;
  step: number;
}

export function createTrainingActivities({ store, plans, trainer }: TrainingDependencies) {
  return {
    /**
     * Trains a policy in a child process and stores it with all its checkpoints. Each checkpoint is uploaded as it is
     * made; a new attempt, on any machine, goes on from the newest whole one and ends with the same weights.
     * Errors: TRAINER_FAILED, TRAINER_DISK_FULL, TRAINER_MISSING, TRAINER_STOPPED, WORKER_DISK_FULL, STORAGE_*.
     */
    async trainPolicy(work: StageWork): Promise<StageOutcome> {
      const started = Date.now();
      const parameters = await plans.parameters('trainPolicy', work);
      const { attempt } = Context.current().info;
      const directory = join(trainer.scratch, 'jobs', `${work.key}-${attempt}-${process.pid}`);
      const progress = { stage: work.stage, step: 0, steps: 0, loss: null, tokensPerSecond: null };
      return whileAlive(
        () => progress,
        async () => {
          await mkdir(directory, { recursive: true });
          try {
            const job = await prepareJob(work, parameters, directory);
            const finished = await runJob(job, work, directory, progress);
            const outputs = await storePolicies(work.key, job.workDirectory, finished);
            return { outputs, counts: { step: finished.step }, cost: gpuTime(started) };
          } finally {
            await rm(directory, { recursive: true, force: true });
          }
        },
      );
    },

    /** A policy that was made elsewhere; its files were stored when the campaign was started. */
    async importPolicy(work: StageWork): Promise<StageOutcome> {
      const { directory } = await plans.parameters('importPolicy', work);
      const { files } = await store.getListing(directory);
      return { outputs: { policy: directory }, counts: { files: files.length }, cost: FREE };
    },
  };

  async function prepareJob(
    work: StageWork,
    { recipe, initialise, seed }: ParametersOf<'trainPolicy'>,
    directory: string,
  ): Promise<TrainingJob> {
    const { method, lossOn, ...rest } = recipe;
    const dataset = join(directory, 'dataset.jsonl');
    await writeFile(dataset, await store.getText(inputOf(work, 'dataset')));
    const model = initialise
      ? { initialise }
      : { directory: await fetchWholePolicy(store, inputOf(work, 'policy'), trainer, directory) };
    const newest = (await listCheckpoints(store, work.key)).at(-1);
    return {
      method,
      model,
      datasets: [dataset],
      lossOn,
      recipe: { ...rest, seed },
      workDirectory: join(directory, 'work'),
      resumeFrom: newest ? await fetchDirectory(store, newest.directory, join(directory, 'resume')) : null,
    };
  }

  async function runJob(
    job: TrainingJob,
    { key }: StageWork,
    directory: string,
    progress: TrainingProgress,
  ): Promise<FinishedJob> {
    const { cancellationSignal } = Context.current();
    const jobFile = join(directory, 'job.json');
    await writeFile(jobFile, JSON.stringify(job));
    const child = startTrainer(trainer, ['train', jobFile]);
    const stop = () => void child.stop();
    cancellationSignal.addEventListener('abort', stop, { once: true });
    try {
      const finished = await followJob(child, key, progress);
      cancellationSignal.throwIfAborted();
      if (finished) return finished;
      const { code, signal, stderrTail, notStarted } = await child.exited;
      if (notStarted !== null) throw trainerMissing(trainer, notStarted);
      throw code === null || code === 75
        ? failure(
            'TRAINER_STOPPED',
            `The trainer was ended (${signal ?? `exit code ${code}`}) before it was done; it goes on from its newest checkpoint. ${lastLine(stderrTail)}`,
          )
        : failure(
            'TRAINER_FAILED',
            `The trainer ended with code ${code} and no result: ${stderrTail.slice(-1500)}`,
          );
    } finally {
      cancellationSignal.removeEventListener('abort', stop);
      await child.stop();
    }
  }

  async function followJob(
    child: LineChild,
    key: string,
    progress: TrainingProgress,
  ): Promise<FinishedJob | null> {
    let finished: FinishedJob | null = null;
    for await (const line of child.lines()) {
      const parsed = TrainerEvent.safeParse(parseLine(line));
      if (!parsed.success) continue;
      const event = parsed.data;
      if (event.event === 'error') throw trainerFailure(event);
      if (event.event === 'checkpoint') {
        const { step } = event;
        const directory = await putDirectory(store, event.directory, `checkpoint-${step}`);
        const policy = await putDirectory(store, event.policy, `step-${step}`);
        await keepCheckpoint(store, key, { step, directory, policy });
      }
      if (event.event === 'progress') {
        const { step, steps, loss, tokensPerSecond } = event;
        Object.assign(progress, { step, steps, loss, tokensPerSecond });
      }
      if (event.event === 'done') finished = { metrics: event.metrics, step: event.step };
    }
    return finished;
  }

  async function storePolicies(
    key: string,
    workDirectory: string,
    { metrics }: FinishedJob,
  ): Promise<Record<string, ArtifactRef>> {
    const kept = await listCheckpoints(store, key);
    const checkpoints = kept.map(
      ({ step, policy: { uri: _uri, ...policy } }): PolicyCheckpoint => ({ step, policy }),
    );
    return {
      policy: await putDirectory(store, join(workDirectory, 'policy'), 'policy'),
      checkpoints: await store.putJson(checkpoints, 'checkpoints.json'),
      metrics: await store.putJson(metrics, 'metrics.json'),
    };
  }
}

const gpuTime = (started: number): StageCost => ({ ...FREE, gpuSeconds: (Date.now() - started) / 1000 });

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

function trainerFailure({ code, message, hint }: Extract<TrainerEvent, { event: 'error' }>) {
  if (code !== 'DISK_FULL') return failure('TRAINER_FAILED', `${code}: ${message}${hint ? ` ${hint}` : ''}`);
  return failure(
    'TRAINER_DISK_FULL',
    `The trainer has no room left on its disk (${message}). Free space where PI_LOOP_SCRATCH of the worker lies, or keep fewer checkpoints (keepCheckpoints), then start the campaign again: it goes on from the newest whole checkpoint.`,
  );
}
