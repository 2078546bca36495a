import { randomUUID } from 'node:crypto';
import type { Completion } from '../../activities/models/chatCompletion';
import { isUnpaid } from '../../activities/support/failures';
import { Batching } from '../../schemas/model';
import { ApiError } from '../../simulator/apiError';
import type { AnswerFunction } from '../../simulator/provider/answers';
import type { ProviderSettingsInput } from '../../simulator/provider/settings';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import { AskingWorker, closeWorkers, JUDGE, KEY_VALUE, QUICK, QUICKLY } from '../support/batchedQuestions';
import { startSimulator } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';

const HOUR_MS = 3_600_000;
/** By how much the providers' clock is ahead. */
let skewMs = 0;
let objects: ObjectStore;
const providers: Provider[] = [];
beforeAll(async () => {
  objects = await startObjectStore();
});
afterEach(async () => {
  await closeWorkers();
  await Promise.all(providers.splice(0).map((provider) => provider.stop()));
});
afterAll(() => objects.stop());

/** Says what it is asked, so that answers cannot be mixed up. */
const echo: AnswerFunction = ({ messages }) => `Answer to ${messages[0]?.content}`;

async function provider(
  settings: ProviderSettingsInput['batches'] = {},
  answer: AnswerFunction = echo,
): Promise<Provider> {
  const now = () => Date.now() + skewMs;
  const started = await startProvider({
    answer,
    now,
    settings: { models: { [JUDGE]: {} }, batches: settings },
  });
  providers.push(started);
  return started;
}

const worker = ({ baseUrl }: Provider) => new AskingWorker(objects.store, baseUrl);

/** Answers that were served, and by which interface. */
function served({ books }: Provider) {
  const count = (batch: boolean) =>
    books.entries.filter((entry) => entry.batch === batch).reduce((sum, { requests }) => sum + requests, 0);
  return { batch: count(true), direct: count(false) };
}
const cost = ({ books }: Provider) => books.entries.reduce((sum, entry) => sum + entry.cost, 0);
const texts = (completions: readonly { text: string }[]) => completions.map(({ text }) => text);
const expected = (questions: number) =>
  Array.from({ length: questions }, (_, number) => `Answer to Question ${number}: who was kinder?`);

/** An outcome, but for which prices were paid. */
function withoutPrice(outcome: PromiseSettledResult<Completion>) {
  if (outcome.status === 'rejected') return outcome;
  const { batched: _batched, ...value } = outcome.value;
  return { ...outcome, value };
}

/** A deadline so many milliseconds away. */
const within = (ms: number) => Batching.parse({ ...QUICKLY, deadlineHours: ms / HOUR_MS });

test('a batch answers what direct calls would, each question its own, for half the price', async () => {
  const [batching, direct] = [await provider(), await provider()];
  const answers = await worker(batching).askAll(50);
  const directly = worker(direct);
  const same = await Promise.all(answers.map((_, number) => directly.directly(number)));
  expect(answers).toEqual(same.map((answer) => ({ ...answer, batched: true })));
  expect(served(batching)).toEqual({ batch: 50, direct: 0 });
  expect(cost(batching) * 2).toBe(cost(direct));
});

test('an expired batch keeps what it answered: the rest is sent again, and nothing is paid twice', async () => {
  const slow = await provider({ stallAfter: 7 });
  const asking = worker(slow);
  const answers = asking.askAll(20);
  for (const answered of [7, 14]) {
    await until(`${answered} are answered`, () => served(slow).batch === answered);
    skewMs += 25 * HOUR_MS;
  }
  expect(texts(await answers)).toEqual(expected(20));
  expect(served(slow)).toEqual({ batch: 20, direct: 0 });
  expect((await asking.recorded()).map(({ state }) => state.is)).toEqual(['ended', 'ended', 'ended']);
});

test('at the deadline the batch is cancelled, what it answered counts, and the rest is asked directly', async () => {
  const slow = await provider({ stallAfter: 7 });
  const asking = worker(slow);
  expect(texts(await asking.askAll(20, within(1_500)))).toEqual(expected(20));
  expect(served(slow)).toEqual({ batch: 7, direct: 13 });
  await expect(
    fetch(`${slow.baseUrl}/batches`, withKey).then((reply) => reply.json()),
  ).resolves.toMatchObject({ data: [{ status: 'cancelled', request_counts: { completed: 7, total: 20 } }] });
});

test('where the output file grows while the batch is worked on, answers are handed out as they come', async () => {
  const slow = await provider({ stallAfter: 7, growingOutput: true });
  const asking = worker(slow);
  let answered = 0;
  const all = Promise.all(expected(20).map((_, number) => asking.ask(number).then(() => (answered += 1))));
  await until('seven askers have their answers', () => answered === 7);
  slow.change({ batches: { stallAfter: null } });
  await all;
  expect(served(slow)).toEqual({ batch: 20, direct: 0 });
});

test('questions that the provider refuses, or its filter stops, end as direct calls would; the others are answered', async () => {
  const strict = await provider({}, (asked) => {
    const refused = ['content_filter', 'invalid_value'][Number(asked.messages[0]?.content.slice(9, 10))];
    if (refused) throw new ApiError(400, refused, 'Not this one.');
    return echo(asked);
  });
  const asking = worker(strict);
  const numbers = [0, 1, 2, 3];
  const outcomes = await Promise.allSettled(numbers.map((number) => asking.ask(number)));
  const directly = await Promise.allSettled(numbers.map((number) => asking.directly(number)));
  expect(outcomes.map(withoutPrice)).toEqual(directly);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
});

test('a question that failed for a moment may be asked again, and is answered by another batch', async () => {
  let failures = 1;
  const flaky = await provider({}, (asked) => {
    if (failures-- > 0) throw new ApiError(500, 'server_error', 'A moment, please.');
    return echo(asked);
  });
  const asking = worker(flaky);
  await expect(asking.ask(0)).rejects.toMatchObject({ type: 'MODEL_UNAVAILABLE', nonRetryable: false });
  expect((await asking.ask(0)).text).toBe(expected(1)[0]);
  expect(served(flaky).batch).toBe(1);
});

test('another worker that asks the same waits for the same batch, before it has ended and after', async () => {
  const slow = await provider({ stallAfter: 3 });
  const first = worker(slow);
  const leaving = new AbortController();
  const left = first.askAll(10, QUICKLY, leaving.signal);
  await until('three are answered', () => served(slow).batch === 3);
  leaving.abort(new Error('the worker stops'));
  await expect(left).rejects.toThrow('the worker stops');
  const again = first.restarted().askAll(10);
  slow.change({ batches: { stallAfter: null } });
  expect(texts(await again)).toEqual(expected(10));
  expect(texts(await first.restarted().askAll(10))).toEqual(expected(10));
  expect(served(slow)).toEqual({ batch: 10, direct: 0 });
  expect(await first.recorded()).toHaveLength(1);
});

test('two workers that ask the same at the same time pay it once, and one of them books it', async () => {
  const one = await provider();
  const patient = { ...QUICK, goneAfterMs: 60_000 };
  const first = new AskingWorker(objects.store, one.baseUrl, randomUUID(), KEY_VALUE, patient);
  const [a, b] = await Promise.all([first.askAll(20), first.restarted().askAll(20)]);
  expect(texts(a)).toEqual(texts(b));
  expect([a, b].map((answers) => answers.filter(({ bookedBefore }) => !bookedBefore).length).sort()).toEqual([
    0, 20,
  ]);
  expect(served(one)).toEqual({ batch: 20, direct: 0 });
});

test('a provider that cannot be asked about a batch is not thought to ask no money for it', async () => {
  const slow = await provider({ stallAfter: 0 });
  const asking = worker(slow);
  const failing = asking.ask(0).catch((error: unknown) => error);
  await until('it is sent', async () => (await asking.recorded())[0]?.state.is === 'sent');
  slow.change({ keys: ['another-key'] });
  const error = await failing;
  expect(error).toMatchObject({ type: 'MODEL_UNAUTHORIZED' });
  expect(isUnpaid(error)).toBe(false);
  expect(isUnpaid(await asking.directly(0).catch((direct: unknown) => direct))).toBe(true);
});

test('a batch that the key does not know any more is given up: its questions are sent with the new key', async () => {
  const slow = await provider({ stallAfter: 0 });
  const first = worker(slow);
  const leaving = new AbortController();
  const left = first.askAll(5, QUICKLY, leaving.signal);
  await until('it is sent', async () => (await first.recorded())[0]?.state.is === 'sent');
  leaving.abort();
  await expect(left).rejects.toThrow();
  slow.change({ batches: { stallAfter: null } });
  expect(texts(await first.restarted('another-key').askAll(5))).toEqual(expected(5));
});

test('a provider without quota refuses the batch as it refuses a call, and is asked again when it has some', async () => {
  const poor = await provider();
  poor.change({ quota: { calls: 0 } });
  const asking = worker(poor);
  await expect(asking.ask(0)).rejects.toMatchObject({ type: 'MODEL_QUOTA_EXHAUSTED' });
  poor.change({ quota: { calls: null } });
  expect((await asking.ask(0)).text).toBe(expected(1)[0]);
});

test('an endpoint without a Batch API is named, with what to do', async () => {
  const simulator = await startSimulator();
  const asked = new AskingWorker(objects.store, simulator.baseUrl).ask(0);
  await expect(asked).rejects.toMatchObject({
    type: 'MODEL_REQUEST_REFUSED',
    message: expect.stringMatching(/has no Batch API .* take `batch` out/),
  });
  await simulator.stop();
});

const withKey = { headers: { authorization: `Bearer ${KEY_VALUE}` } };
