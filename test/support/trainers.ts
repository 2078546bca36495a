import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Plans, type StageWork } from '../../activities/support/stageWork';
import { createTrainingActivities } from '../../activities/training';
import { MEDIA_TYPES } from '../../schemas/names';
import { TrainingRecipe } from '../../schemas/training';
import { attempt, stageWork } from './activities';
import type { ObjectStore } from './objectStore';

/** A store, and a folder for whatever else a test writes. */
export type TestStore = Pick<ObjectStore, 'store' | 'scratch'>;

/** A stage to be trained, and the activity of one worker that trains it. */
export interface TrainingStage {
  work: StageWork;
  trainPolicy: ReturnType<typeof createTrainingActivities>['trainPolicy'];
  /** Why the worker was taken out of training. */
  withdrawn: string[];
  train(campaign?: string): ReturnType<typeof trainAs>;
}

const trainAs = (trainPolicy: TrainingStage['trainPolicy'], work: StageWork) => attempt(trainPolicy, [work]);

let trainers = 0;

/** The key of a stage that no other test has. */
export const newKey = (): string => String(++trainers).padStart(64, '0');

/** Shell words before a script: `$JOB` is the job file, `$WORK` the work directory it names. */
const HEAD = `JOB=$4
WORK=$(sed 's/.*"workDirectory":"\\([^"]*\\)".*/\\1/' "$JOB")
FROM=$(sed 's/.*"resumeFrom":"\\([^"]*\\)".*/\\1/' "$JOB")
mkdir -p "$WORK"
`;

/** A shell script in the place of a Python; its arguments are Python's. */
export async function scriptedPython(objects: TestStore, script: string): Promise<string> {
  const file = join(objects.scratch, `trainer-${++trainers}`);
  await mkdir(objects.scratch, { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}`);
  await chmod(file, 0o755);
  return file;
}

/** A shell script in the place of the trainer, for what the real one cannot be made to do. */
export const scriptedTrainer = (objects: TestStore, script: string): Promise<string> =>
  scriptedPython(objects, `${HEAD}${script}`);

/** A stage with a dataset of one row and a policy of few bytes. */
export async function trainingStage(
  objects: TestStore,
  python: string,
  key = newKey(),
  recipe: Partial<TrainingRecipe> = {},
): Promise<TrainingStage> {
  const { store, scratch } = objects;
  const trainer = { python, sources: scratch, scratch, environment: { PATH: process.env['PATH'] ?? '' } };
  const row = {
    id: 'one',
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'hi' },
    ],
  };
  const dataset = await store.putJsonLines([row], 'dataset.jsonl');
  const weights = await store.putText('given\n', 'model.safetensors', MEDIA_TYPES.binary);
  const files = [{ name: 'model.safetensors', sha256: weights.digest.sha256, bytes: weights.bytes }];
  const policy = await store.putJson({ files }, 'policy', MEDIA_TYPES.directory);
  const parameters = {
    recipe: TrainingRecipe.parse({ steps: 2, checkpointEvery: 1, ...recipe }),
    initialise: null,
    seed: 1,
  };
  const work = await stageWork(store, 'trainPolicy', parameters, { dataset, policy }, key);
  const withdrawn: string[] = [];
  const { trainPolicy } = createTrainingActivities({
    store,
    plans: new Plans(store),
    trainer,
    withdraw: (reason) => withdrawn.push(reason),
  });
  return {
    work,
    trainPolicy,
    withdrawn,
    train: (campaign = work.campaign) => trainAs(trainPolicy, { ...work, campaign }),
  };
}

/** Says an event. */
export const event = (value: object): string => `echo '${JSON.stringify(value)}'\n`;

export const faultOf = (code: string, message = 'it broke'): string =>
  `${event({ event: 'error', code, message, hint: 'Mend it.' })}exit 1\n`;

/** Makes a checkpoint; its `state` says after how many steps. */
export const checkpoint = (step: number): string => `mkdir -p "$WORK/c${step}" "$WORK/p${step}"
echo state ${step} > "$WORK/c${step}/state"; echo weights ${step} > "$WORK/p${step}/model.safetensors"
printf '{"event":"checkpoint","step":${step},"directory":"%s","policy":"%s"}\\n' "$WORK/c${step}" "$WORK/p${step}"
`;

/** Exits with 3 unless it was given the checkpoint of that step, or none for 0. */
export const resumedFrom = (step: number): string =>
  step === 0
    ? `grep -q '"resumeFrom":null' "$JOB" || exit 3\n`
    : `test "$(cat "$FROM/state")" = 'state ${step}' || exit 3\n`;

export const DONE = `mkdir -p "$WORK/policy"; echo trained > "$WORK/policy/model.safetensors"
${event({ event: 'done', directory: 'policy', step: 2, metrics: { loss: 0.5 } })}`;

export const waitFor = (file: string): string => `until test -e ${file}; do sleep 0.05; done\n`;
