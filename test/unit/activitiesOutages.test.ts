import { createEnvironment } from '../../activities/support/environment';
import { LanguageModels } from '../../activities/models/languageModels';
import { StorageError } from '../../artifacts/storageError';
import type { BatchProgress } from '../../schemas/batch';
import { model, modelPlayer } from '../support/activities';
import type { ChatAnswer, ChatRequest } from '../support/chatServer';
import { type BatchAttempt, batchTests, playedBy } from '../support/episodeBatches';
import { freePort } from '../support/objectStore';
import { isForJudge, isTurn, script, sortedQuestions } from '../support/scripts';

const { batch, chatServer, scripted } = batchTests();

const isWaiting = ({ waiting }: BatchProgress) => waiting !== null;
const hasTurns =
  (number: number) =>
  ({ open }: BatchProgress): boolean =>
    open[0]?.turns.length === number;

describe('an outage is waited out in the attempt that meets it, losing no turn, and is told as long as it lasts', () => {
  const outages: [string, ChatAnswer, string][] = [
    ['a limited rate', { status: 429, headers: { 'retry-after': '1' } }, 'MODEL_RATE_LIMITED'],
    ['a busy server', { status: 503 }, 'MODEL_UNAVAILABLE'],
    ['a broken connection', { reset: true }, 'MODEL_UNAVAILABLE'],
  ];
  test.each(outages)('%s', async (_what, outage, type) => {
    const undisturbed = await scripted();
    const { index, cost } = await undisturbed.finish();

    let lasts = true;
    const { server, start } = await scripted(async (request) => {
      if (isTurn(2)(request) && lasts) return outage;
      if (isTurn(3)(request)) await running.progress(hasTurns(3));
      return script(request);
    });
    const running: BatchAttempt = start();
    const { waiting, open } = await running.progress(isWaiting);
    expect(waiting).toEqual({ type, message: expect.stringContaining(server.baseUrl) as string });
    expect(open[0]?.turns).toHaveLength(2);
    lasts = false;
    expect((await running.progress(hasTurns(3))).waiting).toBeNull();
    const result = await running.result;
    expect([result.index.digest, result.cost]).toEqual([index.digest, cost]);
    const besides = (asked: ChatRequest[]) => sortedQuestions(asked.filter((request) => !isTurn(2)(request)));
    expect(besides(server.asked)).toEqual(besides(undisturbed.server.asked));
  });

  test('a server that is not there', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}/v1`;
    const { start } = await batch(playedBy({ baseUrl }));
    const { waiting } = await start().progress(isWaiting);
    expect(waiting).toEqual({
      type: 'MODEL_UNAVAILABLE',
      message: expect.stringContaining(baseUrl) as string,
    });
  });

  test('a store that does not take an episode', async () => {
    const { server, store, start } = await scripted();
    const away = new StorageError('STORAGE_UNREACHABLE', 'The S3 store does not answer.');
    const put = jest.spyOn(store, 'putJson').mockRejectedValue(away);
    const running = start();
    expect((await running.progress(isWaiting)).waiting?.type).toBe('STORAGE_UNREACHABLE');
    put.mockRestore();
    const { cost } = await running.result;
    expect(cost.calls).toBe(server.asked.length);
  });
});

test.each<[ChatAnswer, object]>([
  [{ status: 500 }, { type: 'MODEL_UNAVAILABLE', nonRetryable: false, nextRetryDelay: undefined }],
  [
    { status: 503, headers: { 'retry-after': '7' } },
    { type: 'MODEL_UNAVAILABLE', nextRetryDelay: 7000 },
  ],
  [
    { status: 429, headers: { 'retry-after': '3' } },
    { type: 'MODEL_RATE_LIMITED', nextRetryDelay: 3000 },
  ],
  [
    { status: 429, headers: { 'retry-after-ms': '250' } },
    { nonRetryable: false, nextRetryDelay: 250 },
  ],
])(
  'a call that is answered %j is made once, and its failure says how long to wait',
  async (answer, failure) => {
    const models = new LanguageModels(createEnvironment({}));
    const server = await chatServer(() => answer);
    const spec = model(server.baseUrl, 'scripted');
    const question = { messages: [], sampling: spec.sampling, seed: 1, signal: new AbortController().signal };
    await expect(models.complete(models.endpointOf(spec), question)).rejects.toMatchObject(failure);
    expect(server.asked).toHaveLength(1);
    await models.close();
  },
);

describe('a failure that does not pass by itself ends the attempt and is never a turn', () => {
  test.each<[number, string]>([
    [401, 'MODEL_UNAUTHORIZED'],
    [403, 'MODEL_UNAUTHORIZED'],
    [404, 'MODEL_NOT_FOUND'],
    [400, 'MODEL_REQUEST_REFUSED'],
  ])('%i', async (status, type) => {
    const { server, finish } = await scripted((request) =>
      isTurn(2)(request) ? { status } : script(request),
    );
    await expect(finish()).rejects.toMatchObject({ type, nonRetryable: true });
    // Two turns and the failure; nobody is asked to rate half a conversation.
    expect(server.asked).toHaveLength(3);
    expect(server.asked.some(isForJudge)).toBe(false);
  });

  test('it names model and address, and never the key', async () => {
    const server = await chatServer(() => ({ status: 401, body: 'wrong key key-of-the-test' }));
    const player = modelPlayer(model(server.baseUrl, 'scripted', { apiKeyEnv: 'SOME_KEY' }));
    const { finish } = await batch({ ...playedBy(server), players: [player, player] });
    const error: unknown = await finish().catch((reason: unknown) => reason);
    expect(String(error)).toContain(`"scripted" at ${server.baseUrl}`);
    expect(JSON.stringify(error) + String(error)).not.toContain('key-of-the-test');
  });

  test('a variable that the worker lacks is said by name', async () => {
    const { finish } = await batch(playedBy({ baseUrl: '${NO_SUCH_URL}/v1' }));
    await expect(finish()).rejects.toMatchObject({
      type: 'CONFIGURATION_MISSING',
      nonRetryable: true,
      message: expect.stringContaining('NO_SUCH_URL') as string,
    });
  });
});
