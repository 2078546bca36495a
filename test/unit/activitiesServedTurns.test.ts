import { createEpisodeActivities } from '../../activities/episodes';
import { CollectionDesigns } from '../../activities/support/collectionDesigns';
import { createEnvironment } from '../../activities/support/environment';
import { LanguageModels } from '../../activities/support/languageModels';
import { leaseKey, ServedPolicies } from '../../activities/support/servedPolicies';
import { Episode, type Player } from '../../schemas/episode';
import { attempt, model, startSimulator, storeDesign } from '../support/activities';
import { type ChatRequest, type ChatServer, startChatServer } from '../support/chatServer';
import { freePort, type ObjectStore, startObjectStore } from '../support/objectStore';

let objects: ObjectStore;
let simulator: Awaited<ReturnType<typeof startSimulator>>;
const models = new LanguageModels(createEnvironment({ SOME_KEY: 'key-of-the-test' }));
const servers: ChatServer[] = [];
beforeAll(async () => {
  [objects, simulator] = await Promise.all([startObjectStore(), startSimulator()]);
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => Promise.all([objects.stop(), simulator.stop(), models.close()]));

/** As a worker would make them: nothing is remembered from another. */
const activities = () => {
  const { store } = objects;
  const policies = new ServedPolicies(store);
  return createEpisodeActivities({ store, models, designs: new CollectionDesigns(store), policies });
};
const play = async (design: string, info = {}) =>
  attempt(activities().playEpisode, [{ design, number: 0 }], info);

async function chatServer(...[answer, options]: Parameters<typeof startChatServer>): Promise<ChatServer> {
  const server = await startChatServer(answer, options);
  servers.push(server);
  return server;
}

const judge = () => model(simulator.baseUrl, 'simulated-judge');
const designOf = (first: Player, second = first) => storeDesign(objects.store, [first, second], judge());
const episodeOf = (digest: string) => objects.store.getJson(digest, Episode);

const LINES = ['how about 60 ?', 'i can do 50 .', '55 then .', 'deal , i agree .', '[leave]'];

describe('a policy', () => {
  const DIGEST = 'a'.repeat(64);
  const policy: Player = {
    kind: 'policy',
    digest: DIGEST,
    template: 'compact-v1',
    sampling: { temperature: 1, topP: 1, maxTokens: 28 },
  };
  const lease = (baseUrl: string, expiresAt = Date.now() + 60_000) =>
    objects.store.putDocument(leaseKey(DIGEST), {
      digest: DIGEST,
      baseUrl,
      model: 'policy',
      holder: 'test',
      expiresAt,
    });
  const script = (_request: ChatRequest, number: number) => LINES[number] ?? '[leave]';

  test('plays when its server proves the digest, which each turn then carries', async () => {
    const server = await chatServer(script, { digest: () => DIGEST, fingerprint: () => `sha256:${DIGEST}` });
    await lease(server.baseUrl);
    const { result } = await play(await designOf(policy));
    const { turns, models: players } = await episodeOf(result.episode);
    expect(players).toEqual([`policy:${DIGEST}`, `policy:${DIGEST}`]);
    expect(turns.map(({ call }) => call.servedDigest)).toEqual(turns.map(() => DIGEST));
  });

  test.each([
    ['another digest', { digest: () => 'b'.repeat(64) }],
    ['no digest', {}],
  ])('whose server says %s is not asked for a single turn', async (_what, options) => {
    const server = await chatServer(script, options);
    await lease(server.baseUrl);
    await expect(play(await designOf(policy))).rejects.toMatchObject({
      type: 'POLICY_DIGEST_MISMATCH',
      nonRetryable: false,
    });
    expect(server.asked).toEqual([]);
  });

  test('whose answer carries another digest than was proven: the answer is not used, and it is proven anew', async () => {
    let fingerprint = `sha256:${'b'.repeat(64)}`;
    const options = { digest: () => DIGEST, fingerprint: () => fingerprint };
    const server = await chatServer(
      (_request, number) => (number === 0 ? 'by somebody else .' : (LINES[number - 1] ?? '[leave]')),
      options,
    );
    await lease(server.baseUrl);
    const design = await designOf(policy);
    const worker = activities();
    const once = () => attempt(worker.playEpisode, [{ design, number: 0 }]);
    await expect(once()).rejects.toMatchObject({ type: 'POLICY_DIGEST_MISMATCH' });
    fingerprint = `sha256:${DIGEST}`;
    const { result } = await once();
    expect(JSON.stringify(await episodeOf(result.episode))).not.toContain('somebody else');
  });

  test.each([
    [
      'that nobody serves',
      () =>
        objects.store.putDocument(leaseKey(DIGEST), {
          digest: DIGEST,
          baseUrl: 'http://127.0.0.1:9/v1',
          model: 'policy',
          holder: 'test',
          expiresAt: 0,
        }),
    ],
    ['whose server has gone', async () => lease(`http://127.0.0.1:${await freePort()}/v1`)],
  ])('%s is looked for again', async (_what, prepare) => {
    await prepare();
    await expect(play(await designOf(policy))).rejects.toMatchObject({
      type: 'POLICY_NOT_SERVED',
      nonRetryable: false,
      nextRetryDelay: 1000,
    });
  });

  test('whose port another server took in the meantime is looked for again, not given up', async () => {
    let status: number | undefined;
    const server = await chatServer(
      (request, number) => (status === undefined ? script(request, number) : { status }),
      {
        digest: () => DIGEST,
        fingerprint: () => `sha256:${DIGEST}`,
      },
    );
    await lease(server.baseUrl);
    const design = await designOf(policy);
    const worker = activities();
    await attempt(worker.playEpisode, [{ design, number: 0 }]);
    for (status of [404, 401]) {
      await expect(attempt(worker.playEpisode, [{ design, number: 0 }])).rejects.toMatchObject({
        type: 'POLICY_NOT_SERVED',
        nonRetryable: false,
      });
    }
  });
});
