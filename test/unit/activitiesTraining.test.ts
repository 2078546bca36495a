import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { Plans } from '../../activities/support/stageWork';
import { createTrainingActivities } from '../../activities/training';
import { listDirectory } from '../../artifacts/directories';
import type { ArtifactRef } from '../../schemas/artifact';
import { MEDIA_TYPES } from '../../schemas/names';
import { TrainingRecipe } from '../../schemas/training';
import { activityEnvironment, attempt, stageWork } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';

// The real trainer is trained with end to end; here a script takes its place for what it cannot be made to do.

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

let runs = 0;

/** A stage whose trainer is a shell script; `$JOB` is the job file, `$WORK` the work directory it names. */
async function training(script: string, key = String(++runs).padStart(64, '0')) {
  const { scratch } = objects;
  const python = join(scratch, `trainer-${++runs}`);
  await mkdir(scratch, { recursive: true });
  const head =
    '#!/bin/sh\nJOB=$4\nWORK=$(sed \'s/.*"workDirectory":"\\([^"]*\\)".*/\\1/\' "$JOB")\nmkdir -p "$WORK"\n';
  await writeFile(python, head + script);
  await chmod(python, 0o755);
  return { ...(await prepared(python, key)), key };
}

async function prepared(python: string, key: string) {
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
  const policy = await store.putJson({ files: [] }, 'policy', MEDIA_TYPES.directory);
  const recipe = TrainingRecipe.parse({ steps: 2 });
  const parameters = { recipe, initialise: null, seed: 1 };
  const work = await stageWork(store, 'trainPolicy', parameters, { dataset, policy }, key);
  const { trainPolicy } = createTrainingActivities({ store, plans: new Plans(store), trainer });
  return { trainPolicy, work, train: () => attempt(trainPolicy, [work]) };
}

const event = (value: object) => `echo '${JSON.stringify(value)}'\n`;
const CHECKPOINT = `mkdir -p "$WORK/c1" "$WORK/p1"; echo state > "$WORK/c1/state"; echo weights > "$WORK/p1/weights"
printf '{"event":"checkpoint","step":1,"directory":"%s","policy":"%s"}\\n' "$WORK/c1" "$WORK/p1"\n`;
const DONE = `mkdir -p "$WORK/policy"; echo weights > "$WORK/policy/weights"
${event({ event: 'done', directory: 'policy', step: 2, metrics: { loss: 0.5 } })}`;

test('what a library prints between the events is passed over', async () => {
  const { train } = await training(
    `echo 'Loading weights: 100%'; echo '{"half":'; echo '[]'; echo '{"event":"unknown"}'
${event({ event: 'progress', step: 1, steps: 2, loss: 0.7, tokensPerSecond: 9 })}${CHECKPOINT}echo; ${DONE}`,
  );
  const { result } = await train();
  expect(result).toMatchObject({ counts: { step: 2 } });
  const { checkpoints, metrics } = result.outputs;
  expect(JSON.parse(await objects.store.getText(checkpoints as never))).toMatchObject([{ step: 1 }]);
  expect(JSON.parse(await objects.store.getText(metrics as never))).toEqual({ loss: 0.5 });
});

test.each([
  [
    'DISK_FULL ends the stage and says what to do',
    event({ event: 'error', code: 'DISK_FULL', message: 'No space left', hint: 'Free some.' }) + 'exit 1',
    {
      type: 'TRAINER_DISK_FULL',
      nonRetryable: true,
      message: expect.stringContaining('No space left') as string,
    },
  ],
  [
    'any other error event ends the stage, though the process stays',
    event({ event: 'error', code: 'DATA_INVALID', message: 'row 3' }) + 'exec sleep 60',
    { type: 'TRAINER_FAILED', nonRetryable: true, message: 'DATA_INVALID: row 3' },
  ],
  [
    'exit 75, a trainer that was told to stop, is tried again',
    'exit 75',
    { type: 'TRAINER_STOPPED', nonRetryable: false },
  ],
  [
    'an end by a signal is tried again',
    'kill -9 $$',
    { type: 'TRAINER_STOPPED', nonRetryable: false, message: expect.stringContaining('SIGKILL') as string },
  ],
  [
    'any other exit ends the stage with the end of what it wrote',
    'echo "ImportError: no torch" >&2; exit 1',
    { type: 'TRAINER_FAILED', nonRetryable: true, message: expect.stringContaining('no torch') as string },
  ],
  ['an exit with 0 and no result ends the stage', 'exit 0', { type: 'TRAINER_FAILED', nonRetryable: true }],
])('%s', async (_promise, script, expected) => {
  const { train } = await training(script);
  await expect(train()).rejects.toMatchObject(expected);
});

test('an interpreter that is not there ends the stage and is named', async () => {
  const python = join(objects.scratch, 'no-such-python');
  const { train } = await prepared(python, 'f'.repeat(64));
  await expect(train()).rejects.toMatchObject({
    type: 'TRAINER_MISSING',
    nonRetryable: true,
    message: expect.stringContaining(python) as string,
  });
});

test('a new attempt is given the newest whole checkpoint of the one that was lost', async () => {
  const lost = await training(`${CHECKPOINT}kill -9 $$`);
  await expect(lost.train()).rejects.toMatchObject({ type: 'TRAINER_STOPPED' });
  const next = await training(
    `grep -q '"resumeFrom":null' "$JOB" && exit 3
from=$(sed 's/.*"resumeFrom":"\\([^"]*\\)".*/\\1/' "$JOB"); test "$(cat "$from/state")" = state || exit 4\n${DONE}`,
    lost.key,
  );
  expect((await next.train()).result.counts).toEqual({ step: 2 });
});

test('it says that it lives before it fetches or starts anything', async () => {
  const { trainPolicy, work } = await training('exit 3');
  const environment = activityEnvironment();
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
  const gone = { ...work.inputs['policy'], digest: { sha256: '9'.repeat(64) } } as ArtifactRef;
  const running = environment.run(trainPolicy, { ...work, inputs: { ...work.inputs, policy: gone } });
  await expect(running).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' });
  expect(heartbeats).toEqual([expect.objectContaining({ stage: 'stage', step: 0 })]);
});

test('cancelled, it lets the trainer save and leave, and ends as cancelled with nothing left on the disk', async () => {
  const started = join(objects.scratch, 'started');
  const { trainPolicy, work } = await training(
    `trap 'mkdir -p "$WORK/c1" "$WORK/p1"; echo late > "$WORK/c1/state"; echo late > "$WORK/p1/weights"
printf "{\\"event\\":\\"checkpoint\\",\\"step\\":1,\\"directory\\":\\"%s\\",\\"policy\\":\\"%s\\"}\\n" "$WORK/c1" "$WORK/p1"; exit 75' TERM
touch ${started}; while :; do sleep 0.05; done`,
  );
  const environment = activityEnvironment();
  const outcome = expect(environment.run(trainPolicy, work)).rejects.toBeInstanceOf(CancelledFailure);
  await until('the trainer works', () => existsSync(started));
  environment.cancel('CANCELLED');
  await outcome;
  expect(await objects.store.list(`checkpoints/${work.key}/`)).toHaveLength(1);
  expect((await listDirectory(join(objects.scratch, 'jobs'))).files).toEqual([]);
});
