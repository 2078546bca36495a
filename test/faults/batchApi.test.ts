import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProviderSettingsInput } from '../../simulator/provider/settings';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import {
  AskingWorker,
  closeWorkers,
  JUDGE,
  KEY,
  KEY_VALUE,
  QUICK,
  QUICKLY,
} from '../support/batchedQuestions';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';

let objects: ObjectStore;
let provider: Provider;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterEach(async () => {
  await closeWorkers();
  await provider.stop();
});
afterAll(() => objects.stop());

const QUESTIONS = 12;
const HELD_MS = 60_000;
const PROGRAM = join(__dirname, 'fixtures', 'askingWorker.cjs');

type BatchSettings = NonNullable<ProviderSettingsInput['batches']>;

/** Each step after which a worker may be gone, with what keeps it from the next one, and whether it had sent the batch. */
const STEPS: [string, BatchSettings, (worker: AskingWorker) => Promise<boolean>, boolean][] = [
  [
    'while the questions are uploaded',
    { sayAfterMs: { upload: HELD_MS } },
    async (worker) => (await worker.recorded()).length === 1,
    false,
  ],
  [
    'while the batch is created: it was, but nobody heard of it',
    { sayAfterMs: { create: HELD_MS } },
    async () => (await batches()).length === 1,
    true,
  ],
  [
    'while the batch is worked on',
    { stallAfter: 5 },
    async (worker) => (await worker.recorded())[0]?.state.is === 'sent',
    true,
  ],
];

test.each(STEPS)('a worker killed %s costs no answer twice', async (_step, settings, isReached, wasSent) => {
  provider = await startProvider({ settings: { models: { [JUDGE]: {} }, batches: settings } });
  const worker = new AskingWorker(objects.store, provider.baseUrl);
  const child = asking(worker);
  await until('the step is reached', () => isReached(worker));
  child.kill('SIGKILL');
  await once(child, 'exit');
  provider.change({ batches: { sayAfterMs: { upload: 0, create: 0 }, stallAfter: null } });

  const answers = await worker.restarted().askAll(QUESTIONS);
  const reference = await Promise.all(answers.map((_, number) => worker.directly(number)));
  // What the killed worker has sent, it holds in the ledger.
  const as = { batched: true, ...(wasSent && { bookedBefore: true }) };
  expect(answers).toEqual(reference.map((answer) => ({ ...answer, ...as })));
  const paid = provider.books.entries.filter(({ batch }) => batch);
  expect(paid.reduce((sum, { requests }) => sum + requests, 0)).toBe(QUESTIONS);
  expect(await batches()).toHaveLength(1);
});

function asking(worker: AskingWorker) {
  const questions = Array.from({ length: QUESTIONS }, (_, number) => worker.question(number));
  const { campaign } = worker;
  const told = { store: objects.options, campaign, questions, batching: QUICKLY, times: QUICK };
  const env = { ...process.env, [KEY]: KEY_VALUE };
  return spawn(process.execPath, [PROGRAM, JSON.stringify(told)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function batches(): Promise<unknown[]> {
  const headers = { authorization: `Bearer ${KEY_VALUE}` };
  const reply = await fetch(`${provider.baseUrl}/batches`, { headers });
  return ((await reply.json()) as { data: unknown[] }).data;
}
