import { CancelledFailure } from '@temporalio/activity';
import { createProbeActivities } from '../../activities/probes';
import { createEnvironment } from '../../activities/support/environment';
import { SnapshotWatch } from '../../activities/models/snapshots/snapshotWatch';
import { CollectionDesigns } from '../../activities/support/collectionDesigns';
import { LanguageModels } from '../../activities/models/languageModels';
import { Plans } from '../../activities/support/stageWork';
import type { ModelSpec } from '../../schemas/model';
import type { ParametersOf } from '../../schemas/plan';
import { model, type RunningAttempt, stageWork, startAttempt } from '../support/activities';
import { type ChatAnswer, type ChatServer, startChatServer } from '../support/chatServer';
import { openModelAccess } from '../support/modelAccess';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

let objects: ObjectStore;
const models = new LanguageModels(createEnvironment({}));
const servers: ChatServer[] = [];
beforeAll(async () => {
  objects = await startObjectStore();
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => Promise.all([objects.stop(), models.close()]));

async function provider(answer: (model: string) => ChatAnswer): Promise<ChatServer> {
  const server = await startChatServer((request) => answer(request.model));
  servers.push(server);
  return server;
}

/** Probes an evaluation: of a policy that this campaign serves, with a partner and a judge who are models. */
async function probe(partner: ModelSpec, judge: ModelSpec): Promise<RunningAttempt<void>> {
  const { store } = objects;
  const parameters: ParametersOf<'evaluatePolicy'> = {
    name: 'base',
    split: 'test',
    pairsPerTask: 1,
    rules: { maxTurns: 8, maxSilentTurns: 2 },
    seed: 5,
    unratedShare: 0.3,
    contestant: { kind: 'policy', input: 'policy', template: 'compact-v1', sampling: partner.sampling },
    partner: { model: partner, template: 'compact-v1' },
    judge,
  };
  const work = await stageWork(store, 'evaluatePolicy', parameters);
  const { probeModels } = createProbeActivities({
    store,
    plans: new Plans(store),
    designs: new CollectionDesigns(store),
    access: openModelAccess(models, store),
    watch: new SnapshotWatch(store),
  });
  return startAttempt(probeModels, [work]);
}
const probed = async (...specs: Parameters<typeof probe>) => (await probe(...specs)).result;

const partnerAt = ({ baseUrl }: ChatServer) => model(baseUrl, 'partner');
const judgeAt = ({ baseUrl }: ChatServer) => model(baseUrl, 'judge');

describe('a parked stage is probed', () => {
  test('by asking each of its models once, wherever in its parameters it stands', async () => {
    const [one, other] = [await provider(() => 'yes'), await provider(() => 'yes')];
    await probed(partnerAt(one), judgeAt(other));
    expect(one.asked.map((request) => request.model)).toEqual(['partner']);
    expect(other.asked.map((request) => request.model)).toEqual(['judge']);
  });

  test('by asking a model once that has two parts to play', async () => {
    const server = await provider(() => 'yes');
    await probed(partnerAt(server), partnerAt(server));
    expect(server.asked).toHaveLength(1);
  });

  test.each<[number, string]>([
    [401, 'MODEL_UNAUTHORIZED'],
    [402, 'MODEL_QUOTA_EXHAUSTED'],
    [404, 'MODEL_NOT_FOUND'],
  ])('and stays parked while any of them answers %i', async (status, type) => {
    const server = await provider((name) => (name === 'judge' ? { status } : 'yes'));
    await expect(probed(partnerAt(server), judgeAt(server))).rejects.toMatchObject({
      type,
      nonRetryable: true,
    });
  });

  test('and stays parked while the worker lacks a variable', async () => {
    const server = await provider(() => 'yes');
    const judge = model('${NO_SUCH_URL}/v1', 'judge');
    await expect(probed(partnerAt(server), judge)).rejects.toMatchObject({ type: 'CONFIGURATION_MISSING' });
  });

  test('and a model that only dislikes the question is there', async () => {
    const server = await provider(() => ({ status: 400 }));
    await probed(partnerAt(server), judgeAt(server));
    expect(server.asked).toHaveLength(2);
  });

  test.each([503, 429])('and one that answers %i is asked another time', async (status) => {
    const server = await provider(() => ({ status }));
    await expect(probed(partnerAt(server), judgeAt(server))).rejects.toMatchObject({ nonRetryable: false });
    expect(server.asked).toHaveLength(1);
  });

  test('until it is cancelled', async () => {
    const server = await provider(() => ({ never: true }));
    const asked = server.nextRequest();
    const running = await probe(partnerAt(server), judgeAt(server));
    await asked;
    running.cancel();
    await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
  });
});
