import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { createTrainingActivities } from '../../activities/training';
import { Plans } from '../../activities/support/stageWork';
import { CHECKOUT } from '../../deploy/local/checkout';
import { requireTool } from '../../deploy/local/tools';
import { ModelArchitecture, TrainingRecipe, type TrainingRow } from '../../schemas/training';
import { attempt, stageWork, startAttempt } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';
import { newKey, scriptedPython } from '../support/trainers';

// The real trainer on a small model, stopped in several ways: what it ends with is what it would have ended with.

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

const RECIPE = { steps: 240, checkpointEvery: 80, learningRate: 5e-3, tokensPerBatch: 256, maxLength: 64 };
const MODEL = ModelArchitecture.parse({
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  feedForward: 64,
  contextLength: 64,
  tokenizer: { kind: 'words' },
  chatTemplate: 'compact-v1',
});

const dialogue = (number: number): TrainingRow => ({
  id: String(number),
  messages: [
    { role: 'user', content: `i offer ${number % 17} .` },
    { role: 'assistant', content: `no , i want ${(number % 17) + 5} .` },
  ],
});

/** A stage with a key of its own, and attempts at it by workers with that Python. */
async function stage(recipe: Partial<TrainingRecipe> = {}) {
  const { store, scratch } = objects;
  const rows = Array.from({ length: 60 }, (_, number) => dialogue(number));
  const dataset = await store.putJsonLines(rows, 'dataset.jsonl');
  const parameters = {
    recipe: TrainingRecipe.parse({ ...RECIPE, ...recipe }),
    initialise: MODEL,
    seed: 7,
  };
  const work = await stageWork(store, 'trainPolicy', parameters, { dataset }, newKey());
  const activityOf = (python: string) =>
    createTrainingActivities({
      store,
      plans: new Plans(store),
      trainer: {
        python,
        sources: join(CHECKOUT, 'trainer', 'src'),
        scratch,
        environment: { PATH: process.env['PATH'] ?? '', CUDA_VISIBLE_DEVICES: '', OMP_NUM_THREADS: '1' },
      },
      withdraw: () => undefined,
    }).trainPolicy;
  return {
    start: (python = requireTool('trainerPython')) => startAttempt(activityOf(python), [work]),
    run: (python = requireTool('trainerPython')) => attempt(activityOf(python), [work]),
    checkpoints: async () =>
      (await store.list(`checkpoints/${work.key}/`)).filter((name) => !name.includes('/epochs/')),
  };
}

const stepOf = (document: string): number => Number(/(\d+)\.json$/.exec(document)?.[1]);

/** No file may grow beyond 20 kB: like a full disk, and possible everywhere. */
const onFullDisk = (python: string) =>
  scriptedPython(objects, `trap '' XFSZ; ulimit -f 40; exec ${python} "$@"`);

test('paused it frees its slot within 10 s; a full disk costs it nothing that was kept; it ends with the digests of an undisturbed run', async () => {
  const { start, run, checkpoints } = await stage();
  const paused = start();
  await until('it is past its first checkpoint', async () => (await checkpoints()).length > 0);
  const before = await checkpoints();
  const asked = performance.now();
  paused.cancel();
  await expect(paused.result).rejects.toBeInstanceOf(CancelledFailure);
  expect(performance.now() - asked).toBeLessThan(10_000);
  const kept = await checkpoints();
  expect(kept.length).toBeGreaterThan(before.length);
  expect(await readdir(join(objects.scratch, 'jobs'))).toEqual([]);

  const full = await onFullDisk(requireTool('trainerPython'));
  await expect(run(full)).rejects.toMatchObject({ type: 'TRAINER_DISK_FULL' });
  expect(await checkpoints()).toEqual(kept);

  const resumed = await run();
  const further = (await checkpoints()).slice(kept.length).map(stepOf);
  expect(Math.min(...further)).toBeGreaterThan(Math.max(...kept.map(stepOf)));
  const undisturbed = await (await stage()).run();
  expect(resumed.result.outputs).toEqual(undisturbed.result.outputs);
});

test('a learning rate that diverges parks the stage by its type, and no checkpoint has what came of it', async () => {
  const { run, checkpoints } = await stage({ learningRate: 1e30, schedule: 'constant', warmupRatio: 0 });
  await expect(run()).rejects.toMatchObject({
    type: 'TRAINER_DIVERGED',
    nonRetryable: true,
    message: expect.stringMatching(/the loss became (nan|inf).*learningRate/) as string,
  });
  expect(await checkpoints()).toEqual([]);
});
