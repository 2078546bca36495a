import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { IgnoredCheckpoint } from '../schemas/checkpoint';
import { MEDIA_TYPES } from '../schemas/names';
import type { ParametersOf, StageCost } from '../schemas/plan';
import type { TrainingJob } from '../schemas/trainerContract';
import type { PolicyCheckpoint, TrainingRecipe } from '../schemas/training';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { putDirectory } from '../artifacts/directories';
import { DamagedCheckpoint, fetchCheckpoint } from './support/checkpoints';
import { whileAlive } from './support/heartbeat';
import { holderOf } from './support/holder';
import { fetchWholePolicy, putTrainedPolicy } from './support/policyFiles';
import { runTrainer, type TrainerListener } from './support/runTrainer';
import { FREE, inputOf, type Plans, type StageOutcome, type StageWork } from './support/stageWork';
import { type ClaimChange, TrainingClaim } from './support/trainingClaim';
import { trainerFailure, TrainerFault } from './support/trainerFailures';
import type { TrainerRuntime } from './support/trainerProcess';

export interface TrainingDependencies {
  store: ArtifactStore;
  plans: Plans;
  trainer: TrainerRuntime;
  /** Takes this worker out of training: its hardware is broken, and the next attempt must go elsewhere. */
  withdraw: (reason: string) => void;
}

/** What a watcher sees of a running job. */
interface TrainingProgress {
  stage: string;
  step: number;
  steps: number;
  loss: number | null;
  tokensPerSecond: number | null;
  /** Checkpoints that were damaged and passed over, and why. */
  ignoredCheckpoints: readonly IgnoredCheckpoint[];
}

/** What is the same in all that an attempt tries. */
interface PreparedTraining {
  work: StageWork;
  recipe: TrainingRecipe;
  /** A folder of this attempt's own. */
  directory: string;
  job: Omit<TrainingJob, 'workDirectory' | 'resumeFrom'>;
  progress: TrainingProgress;
}

export function createTrainingActivities({ store, plans, trainer, withdraw }: TrainingDependencies) {
  return {
    /**
     * Trains a policy in a child process and stores it with its checkpoints. Each checkpoint is uploaded as it is made;
     * a new attempt, on any machine, goes on from the newest whole one and ends with the same weights. Cancelled, it
     * lets the trainer save and leave. An attempt that another has taken over from can add nothing.
     * Errors: TRAINER_*, POLICY_UNCHANGED, POLICY_WEIGHTS_MISSING, WORKER_DISK_FULL, STORAGE_*, ARTIFACT_*.
     */
    async trainPolicy(work: StageWork): Promise<StageOutcome> {
      const parameters = await plans.parameters('trainPolicy', work);
      const { attempt } = Context.current().info;
      const directory = join(trainer.scratch, 'jobs', `${work.key}-${attempt}-${process.pid}`);
      const progress: TrainingProgress = {
        stage: work.stage,
        step: 0,
        steps: 0,
        loss: null,
        tokensPerSecond: null,
        ignoredCheckpoints: [],
      };
      return whileAlive(
        () => progress,
        async () => {
          await mkdir(directory, { recursive: true });
          try {
            const job = await prepareJob(work, parameters, directory);
            const { recipe } = parameters;
            return await trainFromNewest({ work, recipe, directory, job, progress });
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
  ): Promise<PreparedTraining['job']> {
    const { cancellationSignal } = Context.current();
    const { method, lossOn, onOutOfMemory: _ours, weighting: _inRows, ...rest } = recipe;
    const dataset = join(directory, 'dataset.jsonl');
    await writeFile(dataset, await store.getText(inputOf(work, 'dataset')));
    const policy = async () =>
      fetchWholePolicy(store, inputOf(work, 'policy'), trainer, directory, cancellationSignal);
    return {
      method,
      model: initialise ? { initialise } : { directory: await policy() },
      datasets: [dataset],
      lossOn,
      recipe: { ...rest, seed },
    };
  }

  /** A claim that ends in something to be done otherwise is followed by another, until one ends for good. */
  async function trainFromNewest(training: PreparedTraining): Promise<StageOutcome> {
    const started = Date.now();
    const holder = holderOf(Context.current().info);
    let change: ClaimChange = {};
    for (;;) {
      const claim = await TrainingClaim.take(store, training.work, holder, change);
      training.progress.ignoredCheckpoints = claim.ignored;
      Context.current().heartbeat(training.progress);
      try {
        return { ...(await train(training, claim)), cost: gpuTime(started) };
      } catch (error) {
        const otherwise = changeAfter(error, claim, training.recipe);
        if (!otherwise) throw asFailure(error);
        change = otherwise;
      }
    }
  }

  async function train(
    { work, recipe, directory, job, progress }: PreparedTraining,
    claim: TrainingClaim,
  ): Promise<Omit<StageOutcome, 'cost'>> {
    const { cancellationSignal: signal } = Context.current();
    const { epoch, resumedFrom, halvings } = claim.epoch;
    const folder = join(directory, `epoch-${epoch}`);
    const workDirectory = join(folder, 'work');
    await mkdir(folder);
    const resumeFrom =
      resumedFrom && (await fetchCheckpoint(store, work.key, resumedFrom, join(folder, 'resume'), signal));
    const fitted = { ...job, recipe: halved(job.recipe, halvings), workDirectory, resumeFrom };
    const { step, metrics } = await runTrainer(trainer, fitted, folder, listener(claim, progress), signal);
    await claim.assertNewest();
    const checkpoints = await plannedCheckpoints(claim, recipe, step);
    const ignored = claim.ignored.length;
    return {
      outputs: {
        policy: await putTrainedPolicy(store, join(workDirectory, 'policy'), work.inputs['policy'] ?? null),
        checkpoints: await store.putJson(checkpoints, 'checkpoints.json', MEDIA_TYPES.checkpoints),
        metrics: await store.putJson(metrics, 'metrics.json'),
      },
      counts: ignored > 0 ? { step, ignoredCheckpoints: ignored } : { step },
    };
  }

  function listener(claim: TrainingClaim, progress: TrainingProgress): TrainerListener {
    return {
      async onCheckpoint({ step, directory, policy }) {
        await claim.keep({
          step,
          directory: await putDirectory(store, directory, `checkpoint-${step}`),
          policy: await putDirectory(store, policy, `step-${step}`),
        });
      },
      onProgress({ step, steps, loss, tokensPerSecond }) {
        Object.assign(progress, { step, steps, loss, tokensPerSecond });
      },
    };
  }

  function asFailure(error: unknown): unknown {
    if (!(error instanceof TrainerFault)) return error;
    if (error.event.code === 'HARDWARE') withdraw(error.event.message);
    return trainerFailure(error);
  }
}

/** What the next claim does otherwise after such an error; null when the error stands. */
function changeAfter(error: unknown, { epoch }: TrainingClaim, recipe: TrainingRecipe): ClaimChange | null {
  const { resumedFrom, halvings } = epoch;
  const code = error instanceof TrainerFault ? error.event.code : null;
  if (resumedFrom && (error instanceof DamagedCheckpoint || code === 'CHECKPOINT_INVALID')) {
    return { ignored: { ...resumedFrom, reason: (error as Error).message } };
  }
  const canHalve = recipe.onOutOfMemory === 'halve' && fits(recipe, halvings + 1);
  return code === 'OUT_OF_MEMORY' && canHalve ? { halvings: halvings + 1 } : null;
}

/** The least that the recipe's schema allows. */
const LEAST_TOKENS = 16;

const fits = ({ tokensPerBatch }: TrainingRecipe, halvings: number): boolean =>
  tokensPerBatch / 2 ** halvings >= LEAST_TOKENS;

/** The same tokens an optimiser step in smaller batches. */
const halved = (recipe: TrainingJob['recipe'], halvings: number): TrainingJob['recipe'] => ({
  ...recipe,
  tokensPerBatch: Math.floor(recipe.tokensPerBatch / 2 ** halvings),
  gradientAccumulation: recipe.gradientAccumulation * 2 ** halvings,
});

/** Those that the recipe asks for: where a run was interrupted must not show in what it made. */
async function plannedCheckpoints(
  claim: TrainingClaim,
  { checkpointEvery }: TrainingRecipe,
  lastStep: number,
): Promise<PolicyCheckpoint[]> {
  const lineage = await claim.lineage();
  return lineage
    .filter(({ step }) => step % checkpointEvery === 0 || step === lastStep)
    .map(({ step, policy: { uri: _uri, ...policy } }) => ({ step, policy }));
}

const gpuTime = (started: number): StageCost => ({ ...FREE, gpuSeconds: (Date.now() - started) / 1000 });
