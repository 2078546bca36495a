import { readFileSync } from 'node:fs';
import { createStore } from '../../workers/createActivities';
import { readConfig } from '../../workers/config';
import { Client, Connection } from '@temporalio/client';
import type { StageOutcome } from '../../activities/support/stageWork';
import { GuardedProcess } from '../../deploy/local/guardedProcess';
import { workerPart } from '../../deploy/local/parts';
import { untilReady } from '../../deploy/local/readiness';
import { isRunning } from '../../deploy/shared/processIdentity.cjs';
import { TASK_QUEUES } from '../../schemas/names';
import { ControlledSystem } from '../support/controlledSystem';
import { until } from '../support/processes';
import {
  checkpoint,
  DONE,
  faultOf,
  newKey,
  resumedFrom,
  scriptedTrainer,
  trainingStage,
} from '../support/trainers';

let system: ControlledSystem;
const workers: GuardedProcess[] = [];
beforeAll(async () => {
  system = await ControlledSystem.start();
  await system.startStore();
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await system.close();
});

/** A worker that does nothing but train, with that program as its trainer. */
async function startWorker(name: string, python: string): Promise<GuardedProcess> {
  const environment = {
    ...system.environment,
    PI_LOOP_TRAINER_PYTHON: python,
    PI_LOOP_SCRATCH: system.state.file(name),
  };
  const part = workerPart({ name, queues: [TASK_QUEUES.gpuTrain] }, environment, system.state);
  const worker = await GuardedProcess.start(part);
  workers.push(worker);
  await untilReady(worker, part.ready, 60);
  return worker;
}

test('a worker whose hardware breaks takes no further attempt; another goes on from the last checkpoint', async () => {
  const store = createStore(readConfig(system.environment));
  const objects = { store, scratch: system.state.file('scripts') };
  const runs = system.state.file('runs');
  const breaking = `echo run >> ${runs}\n${checkpoint(1)}${faultOf('HARDWARE', 'uncorrectable ECC error')}`;
  const broken = await startWorker('broken', await scriptedTrainer(objects, breaking));
  const connection = await Connection.connect({ address: system.environment['TEMPORAL_ADDRESS'] ?? '' });
  const { work } = await trainingStage(objects, 'no python here', newKey());
  const handle = await new Client({ connection }).activity.start<StageOutcome>('trainPolicy', {
    id: 'train',
    taskQueue: TASK_QUEUES.gpuTrain,
    args: [work],
    startToCloseTimeout: '1 minute',
    retry: { initialInterval: '100ms', backoffCoefficient: 1 },
  });
  await until('the next attempt waits for a worker', async () => (await handle.describe()).attempt > 1);

  await startWorker('sound', await scriptedTrainer(objects, `${resumedFrom(1)}${checkpoint(2)}${DONE}`));
  expect((await handle.result()).counts).toEqual({ step: 2 });
  expect(readFileSync(runs, 'utf8')).toBe('run\n');
  expect(readFileSync(system.state.log('broken'), 'utf8')).toContain('takes no more training');
  // Whoever supervises it must not start it again.
  expect(isRunning(broken.identity)).toBe(true);
  await connection.close();
  store.close();
});
