import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { listDirectory } from '../../artifacts/directories';
import type { ArtifactRef } from '../../schemas/artifact';
import { activityEnvironment } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';
import { checkpoint, DONE, event, faultOf, scriptedTrainer, trainingStage } from '../support/trainers';

// The real trainer is trained with elsewhere; here a script takes its place for what it cannot be made to do.

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

const training = async (script: string) => trainingStage(objects, await scriptedTrainer(objects, script));

test('what a library prints between the events is passed over', async () => {
  const { train } = await training(
    `echo 'Loading weights: 100%'; echo '{"half":'; echo '[]'; echo '{"event":"unknown"}'
${event({ event: 'progress', step: 1, steps: 2, loss: 0.7, tokensPerSecond: 9 })}${checkpoint(1)}echo; ${DONE}`,
  );
  const { result } = await train();
  expect(result).toMatchObject({ counts: { step: 2 } });
  const { checkpoints, metrics } = result.outputs;
  expect(JSON.parse(await objects.store.getText(checkpoints as never))).toMatchObject([{ step: 1 }]);
  expect(JSON.parse(await objects.store.getText(metrics as never))).toEqual({ loss: 0.5 });
});

test.each([
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
  const { train } = await trainingStage(objects, python);
  await expect(train()).rejects.toMatchObject({
    type: 'TRAINER_MISSING',
    nonRetryable: true,
    message: expect.stringContaining(python) as string,
  });
});

test.each([
  ['DISK_FULL', 'TRAINER_DISK_FULL', true],
  ['DIVERGED', 'TRAINER_DIVERGED', true],
  ['OUT_OF_MEMORY', 'TRAINER_OUT_OF_MEMORY', true],
  ['QUANTISATION_UNAVAILABLE', 'TRAINER_QUANTISATION_UNAVAILABLE', true],
  ['GPU_MISSING', 'TRAINER_GPU_MISSING', true],
  ['HARDWARE', 'TRAINER_HARDWARE', false],
  ['PROCESS_LOST', 'TRAINER_STOPPED', false],
  ['POLICY_UNCHANGED', 'POLICY_UNCHANGED', true],
  ['INTERNAL', 'TRAINER_FAILED', true],
])('what the trainer tells as %s is a %s that says what happened', async (code, type, nonRetryable) => {
  const { train, withdrawn } = await training(faultOf(code, 'the GPU said no'));
  await expect(train()).rejects.toMatchObject({
    type,
    nonRetryable,
    message: expect.stringContaining('the GPU said no') as string,
  });
  // Only a worker on broken hardware takes no further training.
  expect(withdrawn).toEqual(type === 'TRAINER_HARDWARE' ? ['the GPU said no'] : []);
});

test.each([
  ['makes no policy', 'POLICY_WEIGHTS_MISSING', ''],
  [
    'makes a policy without weights',
    'POLICY_WEIGHTS_MISSING',
    'mkdir "$WORK/policy"; touch "$WORK/policy/config.json"\n',
  ],
  [
    'gives back the weights that it was given',
    'POLICY_UNCHANGED',
    'mkdir "$WORK/policy"; echo given > "$WORK/policy/model.safetensors"; touch "$WORK/policy/config.json"\n',
  ],
])('a trainer that says it is done and %s is a failure', async (_what, type, script) => {
  const done = event({ event: 'done', directory: 'policy', step: 2, metrics: {} });
  const { train } = await training(`${script}${done}`);
  await expect(train()).rejects.toMatchObject({ type, nonRetryable: true });
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
  expect(await objects.store.list(`checkpoints/${work.key}/000001/`)).toHaveLength(1);
  expect((await listDirectory(join(objects.scratch, 'jobs'))).files).toEqual([]);
});
