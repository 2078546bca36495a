import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Plans, type StageWork } from '../../activities/support/stageWork';
import { createEnvironment } from '../../activities/support/environment';
import { LanguageModels } from '../../activities/models/languageModels';
import { createTaskActivities } from '../../activities/tasks';
import { CHECKOUT } from '../../deploy/local/checkout';
import type { ParametersOf } from '../../schemas/plan';
import { TaskSet } from '../../schemas/profiles';
import { attempt, model, stageWork, startAttempt, startSimulator } from '../support/activities';
import { type ChatAnswer, type ChatServer, startChatServer } from '../support/chatServer';
import { openModelAccess } from '../support/modelAccess';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

let objects: ObjectStore;
let simulator: Awaited<ReturnType<typeof startSimulator>>;
const models = new LanguageModels(createEnvironment({}));
const servers: ChatServer[] = [];
beforeAll(async () => {
  [objects, simulator] = await Promise.all([startObjectStore(), startSimulator()]);
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => Promise.all([objects.stop(), simulator.stop(), models.close()]));

const example = async (name: string) =>
  objects.store.putText(await readFile(join(CHECKOUT, 'examples', name), 'utf8'), name, 'text/plain');

async function preparing(author: string, name: string, key: string): Promise<StageWork> {
  const sampling = { temperature: 0.5, topP: 1, maxTokens: 1024 };
  const parameters: ParametersOf<'prepareTasks'> = {
    splits: [
      { name: 'test', tasks: 4, evaluation: true },
      { name: 'BC', tasks: 6, evaluation: false },
    ],
    agents: await example('profiles/agents.jsonl'),
    relationships: await example('profiles/relationships.jsonl'),
    generate: {
      author: model(author, name, { sampling }),
      pools: [{ name: 'situations', file: await example('keywords/situations.txt') }],
      examples: await example('environments.jsonl'),
      excludeKeywords: await example('keywords/excluded.txt'),
      attemptsPerTask: 8,
      maxSimilarity: 0.8,
    },
    import: null,
    seed: 3,
  };
  return stageWork(objects.store, 'prepareTasks', parameters, {}, key.repeat(64));
}

const activity = () =>
  createTaskActivities({
    store: objects.store,
    plans: new Plans(objects.store),
    access: openModelAccess(models, objects.store),
  }).prepareTasks;
const prepare = async (work: StageWork) => (await attempt(activity(), [work])).result;

/** The simulator's author behind a server that counts, and can be made to fail. */
async function counted(failing: (number: number) => ChatAnswer | undefined) {
  const failed: number[] = [];
  const server = await startChatServer(async (request, number) => {
    const failure = failing(number);
    if (failure !== undefined) {
      failed.push(number);
      return failure;
    }
    const answer = await fetch(`${simulator.baseUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(request),
    });
    const { choices } = (await answer.json()) as { choices: [{ message: { content: string } }] };
    return choices[0].message.content;
  });
  servers.push(server);
  return { server, answered: () => server.asked.length - failed.length };
}

test('the task set fills disjoint splits, and another attempt makes the same', async () => {
  const work = await preparing(simulator.baseUrl, 'simulated-author', 'a');
  const [first, again] = [await prepare(work), await prepare({ ...work, key: 'b'.repeat(64) })];
  expect(again).toEqual(first);
  expect(first.counts).toMatchObject({ tasks: 10, generated: 10 });
  const { tasks } = await objects.store.getJson(first.outputs['tasks']?.digest.sha256 ?? '', TaskSet);
  expect(tasks.map(({ split }) => split).sort()).toEqual([...Array(6).fill('BC'), ...Array(4).fill('test')]);
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(10);
});

test('an attempt whose author failed leaves a journal: the next asks for the rest alone and ends the same', async () => {
  const undisturbed = await counted(() => undefined);
  const whole = await prepare(await preparing(undisturbed.server.baseUrl, 'simulated-author', 'c'));

  const { server, answered } = await counted((number) =>
    number >= 5 && number < 10 ? { status: 503 } : undefined,
  );
  const work = await preparing(server.baseUrl, 'simulated-author', 'd');
  await expect(prepare(work)).rejects.toMatchObject({ type: 'MODEL_UNAVAILABLE' });
  expect(answered()).toBeGreaterThanOrEqual(5);
  const resumed = await prepare(work);
  expect(answered()).toBe(undisturbed.answered());
  const tasksOf = (outcome: typeof whole) =>
    objects.store.getJson(outcome.outputs['tasks']?.digest.sha256 ?? '', TaskSet);
  expect(await tasksOf(resumed)).toEqual(await tasksOf(whole));
  expect(resumed.cost).toEqual(whole.cost);
});

test('a worker that dies in the middle costs the calls in flight: what was answered came with the heartbeat', async () => {
  const undisturbed = await counted(() => undefined);
  const whole = await prepare(await preparing(undisturbed.server.baseUrl, 'simulated-author', 'f'));

  const { server } = await counted((number) => (number >= 5 && number < 10 ? { never: true } : undefined));
  const work = await preparing(server.baseUrl, 'simulated-author', '0');
  const dying = startAttempt(activity(), [work]);
  const heartbeatDetails = await dying.heartbeat(
    (details): details is { unsaved: unknown[] } => (details as { unsaved: unknown[] }).unsaved.length === 5,
  );
  const { result } = await attempt(activity(), [work], { attempt: 2, heartbeatDetails });
  expect(server.asked).toHaveLength(undisturbed.server.asked.length + 5);
  expect(result.outputs['tasks']?.digest).toEqual(whole.outputs['tasks']?.digest);
  dying.cancel();
  await expect(dying.result).rejects.toThrow();
});

test('an author that never writes a task ends the stage, with a report of what it wrote', async () => {
  const { server } = await counted(() => 'Well, that depends.');
  const work = await preparing(server.baseUrl, 'some-author', 'e');
  await expect(prepare(work)).rejects.toMatchObject({
    type: 'TASKS_EXHAUSTED',
    nonRetryable: true,
    message: expect.stringContaining('s3://pi-loop/blobs/') as string,
  });
});
