import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../artifacts/canonicalJson';
import { StoredCheckpoint, TrainingEpoch } from '../../schemas/checkpoint';
import { PolicyCheckpoint } from '../../schemas/training';
import { isRunning, identityOf } from '../../deploy/shared/processIdentity.cjs';
import { startAttempt } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';
import {
  checkpoint,
  DONE,
  faultOf,
  newKey,
  resumedFrom,
  scriptedTrainer,
  trainingStage,
  waitFor,
} from '../support/trainers';

// Who may add to a training stage, and what is gone on from: attempts of one stage key over a real S3 server.

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

const stage = async (script: string, key = newKey()) =>
  trainingStage(objects, await scriptedTrainer(objects, script), key);
const checkpointDocument = (key: string, epoch: number, step: number) =>
  `checkpoints/${key}/${String(epoch).padStart(6, '0')}/${String(step).padStart(9, '0')}.json`;
const hasCheckpoint = async (key: string, epoch: number, step: number) =>
  (await objects.store.getDocument(checkpointDocument(key, epoch, step), StoredCheckpoint)) !== null;
const epochDocument = (key: string, epoch: number) =>
  objects.store.getDocument(
    `checkpoints/${key}/epochs/${String(epoch).padStart(6, '0')}.json`,
    TrainingEpoch,
  );
const stepsOf = async ({
  result,
}: {
  result: { outputs: Record<string, { digest: { sha256: string } }> };
}) => {
  const digest = result.outputs['checkpoints']?.digest.sha256 ?? '';
  return (await objects.store.getJson(digest, z.array(PolicyCheckpoint))).map(({ step }) => step);
};

describe('an attempt that another has taken over from', () => {
  test.each([
    ['adds no checkpoint', `${checkpoint(2)}exec sleep 60`],
    ['cannot commit what it made', DONE],
  ])('%s; its trainer is stopped', async (_promise, late) => {
    const key = newKey();
    const [go, pid] = [join(objects.scratch, `go-${key}`), join(objects.scratch, `pid-${key}`)];
    const stale = await stage(`echo $$ > ${pid}\n${checkpoint(1)}${waitFor(go)}${late}`, key);
    const alive = startAttempt(stale.trainPolicy, [stale.work]);
    await until('it has a checkpoint', () => hasCheckpoint(key, 1, 1));

    const next = await stage(`${resumedFrom(1)}${checkpoint(2)}${DONE}`, key);
    const taken = await next.train();
    const trainer = identityOf(Number(await readFile(pid, 'utf8')));
    expect(trainer && isRunning(trainer)).toBe(true);
    await writeFile(go, '');
    await expect(alive.result).rejects.toMatchObject({
      type: 'TRAINER_STOPPED',
      message: expect.stringContaining('has taken over') as string,
    });
    expect(trainer && isRunning(trainer)).toBe(false);
    expect(await objects.store.list(`checkpoints/${key}/000001/`)).toEqual([checkpointDocument(key, 1, 1)]);
    expect(await stepsOf(taken)).toEqual([1, 2]);
    expect(await epochDocument(key, 2)).toMatchObject({ resumedFrom: { epoch: 1, step: 1 } });
  });
});

test('two campaigns that share a stage train it side by side, and neither stops the other', async () => {
  const key = newKey();
  const go = join(objects.scratch, `go-${key}`);
  const one = await stage(`${checkpoint(1)}${waitFor(go)}${checkpoint(2)}${DONE}`, key);
  const running = startAttempt(one.trainPolicy, [one.work]);
  await until('it has a checkpoint', () => hasCheckpoint(key, 1, 1));
  const other = await (await stage(`${resumedFrom(1)}${checkpoint(2)}${DONE}`, key)).train('another');
  await writeFile(go, '');
  expect((await running.result).outputs).toEqual(other.result.outputs);
});

test('a checkpoint of 0.1.0, which knew no epochs, is gone on from', async () => {
  const made = await stage(`${checkpoint(1)}kill -9 $$`);
  await expect(made.train()).rejects.toMatchObject({ type: 'TRAINER_STOPPED' });
  const [document, claim] = [checkpointDocument(made.work.key, 1, 1), await epochDocument(made.work.key, 1)];
  expect(claim).toMatchObject({ epoch: 1, resumedFrom: null });
  const stored = await objects.store.getDocument(document, StoredCheckpoint);
  const { epoch: _none, ...old } = stored as StoredCheckpoint;
  const key = newKey();
  await objects.store.putDocument(`checkpoints/${key}/000000001.json`, old);
  const next = await (await stage(`${resumedFrom(1)}${checkpoint(2)}${DONE}`, key)).train();
  expect(await stepsOf(next)).toEqual([1, 2]);
});

describe('a checkpoint that is not whole is passed over for the one before it, and told:', () => {
  /** The second of two checkpoints, which something happens to. */
  const second = async (key: string): Promise<StoredCheckpoint> => {
    const stored = await objects.store.getDocument(checkpointDocument(key, 1, 2), StoredCheckpoint);
    if (!stored) throw new Error('there is no second checkpoint');
    return stored;
  };
  const stateOf = ({ directory }: StoredCheckpoint, step: number) => ({
    listing: objects.blobFile(directory.digest.sha256),
    state: objects.blobFile(sha256(Buffer.from(`state ${step}\n`))),
  });

  test.each<[string, string, (key: string) => Promise<void>]>([
    [
      'a blob is gone',
      'ARTIFACT_MISSING',
      async (key) => rm(stateOf(await second(key), 2).state, { force: true }),
    ],
    [
      'a blob is cut off',
      'ARTIFACT_CORRUPT',
      async (key) => truncate(stateOf(await second(key), 2).state, 3),
    ],
    ['its listing is gone', 'ARTIFACT_MISSING', async (key) => rm(stateOf(await second(key), 2).listing)],
    [
      'its document is no document',
      'ARTIFACT_CORRUPT',
      async (key) => writeFile(objects.documentFile(checkpointDocument(key, 1, 2)), '{"half":'),
    ],
  ])('%s', async (_what, code, damage) => {
    const lost = await stage(`${checkpoint(1)}${checkpoint(2)}kill -9 $$`);
    await expect(lost.train()).rejects.toMatchObject({ type: 'TRAINER_STOPPED' });
    const { key } = lost.work;
    await damage(key);
    const next = await (await stage(`${resumedFrom(1)}${checkpoint(2)}${DONE}`, key)).train();

    const ignored = { epoch: 1, step: 2, reason: expect.stringContaining(code) as string };
    expect(next.heartbeats).toContainEqual(expect.objectContaining({ ignoredCheckpoints: [ignored] }));
    expect(next.result.counts).toEqual({ step: 2, ignoredCheckpoints: 1 });
    expect(await epochDocument(key, 3)).toMatchObject({ ignored, resumedFrom: { epoch: 1, step: 1 } });
    expect(await stepsOf(next)).toEqual([1, 2]);
    // What was damaged is whole again: bytes that are made anew find no bad ones in their place.
    expect(await objects.store.getBytes(sha256(Buffer.from('state 2\n')))).toEqual(Buffer.from('state 2\n'));
  });

  test('the trainer finds it incomplete', async () => {
    const lost = await stage(`${checkpoint(1)}${checkpoint(2)}kill -9 $$`);
    await expect(lost.train()).rejects.toMatchObject({ type: 'TRAINER_STOPPED' });
    const refusing = `case "$(cat "$FROM/state")" in 'state 2') ${faultOf('CHECKPOINT_INVALID', 'no manifest.json')};; esac\n`;
    const next = await (
      await stage(`${refusing}${resumedFrom(1)}${checkpoint(2)}${DONE}`, lost.work.key)
    ).train();
    const ignored = { epoch: 1, step: 2, reason: expect.stringContaining('no manifest.json') as string };
    expect(next.heartbeats).toContainEqual(expect.objectContaining({ ignoredCheckpoints: [ignored] }));
  });

  test('with none left, it starts over', async () => {
    const lost = await stage(`${checkpoint(1)}kill -9 $$`);
    await expect(lost.train()).rejects.toMatchObject({ type: 'TRAINER_STOPPED' });
    const { key } = lost.work;
    await writeFile(objects.documentFile(checkpointDocument(key, 1, 1)), '');
    const { result } = await (
      await stage(`${resumedFrom(0)}${checkpoint(1)}${checkpoint(2)}${DONE}`, key)
    ).train();
    expect(await stepsOf({ result })).toEqual([1, 2]);
  });
});

test('a checkpoint that was made because somebody asked it to stop is gone on from, and is no part of the result', async () => {
  const key = newKey();
  const python = await scriptedTrainer(objects, `${checkpoint(1)}kill -9 $$`);
  const lost = await trainingStage(objects, python, key, { checkpointEvery: 2 });
  await expect(lost.train()).rejects.toMatchObject({ type: 'TRAINER_STOPPED' });
  const rest = await scriptedTrainer(objects, `${resumedFrom(1)}${checkpoint(2)}${DONE}`);
  const next = await (await trainingStage(objects, rest, key, { checkpointEvery: 2 })).train();
  expect(await stepsOf(next)).toEqual([2]);
});

test('a batch that does not fit the memory is halved where the recipe says so, also by later attempts', async () => {
  const key = newKey();
  const onOutOfMemory = 'halve';
  const tooMuch = `grep -q '"tokensPerBatch":256,"gradientAccumulation":4' "$JOB" || { ${faultOf('OUT_OF_MEMORY')}}\n`;
  const first = await scriptedTrainer(objects, `${tooMuch}${resumedFrom(0)}${checkpoint(1)}kill -9 $$`);
  const one = await trainingStage(objects, first, key, { tokensPerBatch: 1024, onOutOfMemory });
  await expect(one.train()).rejects.toMatchObject({ type: 'TRAINER_STOPPED' });
  expect(await epochDocument(key, 3)).toMatchObject({ halvings: 2, resumedFrom: null });

  const fits = `grep -q '"tokensPerBatch":256' "$JOB" || exit 3\n`;
  const second = await scriptedTrainer(objects, `${fits}${resumedFrom(1)}${checkpoint(2)}${DONE}`);
  const next = await trainingStage(objects, second, key, { tokensPerBatch: 1024, onOutOfMemory });
  expect(await stepsOf(await next.train())).toEqual([1, 2]);
});

test('a batch that cannot be halved any more ends the stage', async () => {
  const python = await scriptedTrainer(objects, faultOf('OUT_OF_MEMORY'));
  const recipe = { tokensPerBatch: 64, onOutOfMemory: 'halve' } as const;
  const halving = await trainingStage(objects, python, newKey(), recipe);
  await expect(halving.train()).rejects.toMatchObject({ type: 'TRAINER_OUT_OF_MEMORY', nonRetryable: true });
  expect(await epochDocument(halving.work.key, 3)).toMatchObject({ halvings: 2 });
  expect(await epochDocument(halving.work.key, 4)).toBeNull();
});
