import { CancelledFailure } from '@temporalio/activity';
import { createEpisodeActivities } from '../../activities/episodes';
import { CollectionDesigns } from '../../activities/support/collectionDesigns';
import { createEnvironment } from '../../activities/support/environment';
import { LanguageModels } from '../../activities/support/languageModels';
import { ServedPolicies } from '../../activities/support/servedPolicies';
import { Episode, type Player } from '../../schemas/episode';
import {
  activityEnvironment,
  attempt,
  model,
  modelPlayer,
  startSimulator,
  storeDesign,
} from '../support/activities';
import { type ChatAnswer, type ChatRequest, type ChatServer, startChatServer } from '../support/chatServer';
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
const scripted = async (answer: (request: ChatRequest, number: number) => ChatAnswer) => {
  const server = await chatServer(answer);
  return { server, design: await designOf(modelPlayer(model(server.baseUrl, 'scripted'))) };
};
const episodeOf = (digest: string) => objects.store.getJson(digest, Episode);

const LINES = ['how about 60 ?', 'i can do 50 .', '55 then .', 'deal , i agree .', '[leave]'];

describe('an episode', () => {
  const simulated = (name: string) => modelPlayer(model(simulator.baseUrl, name));

  test('of the real simulator is played to its end, and a second worker plays the same bytes', async () => {
    const design = await designOf(simulated('simulated-expert'), simulated('simulated-partner'));
    const [{ result }, again] = [await play(design), await play(design)];
    expect(again.result).toEqual(result);
    const episode = await episodeOf(result.episode);
    expect(['left', 'limit']).toContain(episode.ending);
    expect(episode.models).toEqual(['simulated-expert', 'simulated-partner']);
    expect(episode.turns.map(({ speaker }) => speaker)).toEqual(episode.turns.map((_, turn) => turn % 2));
    expect(result).toMatchObject({ turns: episode.turns.length, calls: episode.turns.length });
  });

  test('asks each turn once, with a seed of its own, and ends when one leaves', async () => {
    const { server, design } = await scripted((_request, number) => LINES[number] ?? '[leave]');
    const { result } = await play(design);
    expect(result).toMatchObject({ ending: 'left', turns: 5, calls: 5, inputTokens: 50, outputTokens: 10 });
    expect(server.asked).toHaveLength(5);
    expect(new Set(server.asked.map(({ seed }) => seed)).size).toBe(5);
    expect(server.asked[1]?.messages).toEqual([
      { role: 'system', content: 'haggle over the boat buy limit=75 hope=50' },
      { role: 'user', content: LINES[0] },
    ]);
  });

  test('goes on after the last finished turn of a lost attempt, asks nothing twice, and is the same', async () => {
    const script = (request: ChatRequest): string => LINES[request.messages.length - 1] ?? '[leave]';
    const { server, design } = await scripted(script);
    const undisturbed = await play(design);
    const asked = server.asked.splice(0);

    // What the first attempt said after its third turn, as the next one is given it.
    const heartbeatDetails = undisturbed.heartbeats.find(
      (details) => (details as { turns: unknown[] }).turns.length === 3,
    );
    const resumed = await play(design, { attempt: 2, heartbeatDetails });
    expect(server.asked).toEqual(asked.slice(3));
    expect(resumed.result).toEqual(undisturbed.result);
  });

  test('that was lost after its last turn asks nothing at all', async () => {
    const { server, design } = await scripted((_request, number) => LINES[number] ?? '[leave]');
    const { result, heartbeats } = await play(design);
    server.asked.length = 0;
    const again = await play(design, { attempt: 2, heartbeatDetails: heartbeats.at(-1) });
    expect(again.result).toEqual(result);
    expect(server.asked).toEqual([]);
  });

  test.each([
    ['another episode’s', { id: 'other', turns: [] }],
    ['unreadable', 'garbage'],
    ['an older version’s', { id: 'boat-0-0', turns: [{ number: 0 }] }],
  ])('starts anew when what it is given is %s', async (_whose, heartbeatDetails) => {
    const { server, design } = await scripted((_request, number) => LINES[number] ?? '[leave]');
    await play(design, { attempt: 2, heartbeatDetails });
    expect(server.asked).toHaveLength(LINES.length);
  });

  test('carries its transcript in the heartbeat, one turn more each time', async () => {
    const { design } = await scripted((_request, number) => LINES[number] ?? '[leave]');
    const { heartbeats } = await play(design);
    const turns = heartbeats.map((details) => (details as Pick<Episode, 'turns'>).turns.length);
    expect(turns).toEqual([0, 1, 2, 3, 4, 5]);
    expect(heartbeats.at(-1)).toMatchObject({
      id: 'boat-0-0',
      turns: [{ action: { argument: LINES[0] } }, {}, {}, {}, {}],
    });
  });
});

describe('an answer that cannot be read', () => {
  test('gets one repair call with another seed, and its turn counts two calls', async () => {
    const { server, design } = await scripted((_request, number) =>
      number === 1 ? '' : number === 2 ? '[leave]' : 'hello .',
    );
    const { result } = await play(design);
    expect(result).toMatchObject({ ending: 'left', turns: 2, calls: 3 });
    expect(server.asked).toHaveLength(3);
    expect(server.asked[2]?.seed).not.toBe(server.asked[1]?.seed);
    expect((await episodeOf(result.episode)).turns[1]?.call.calls).toBe(2);
  });

  test('twice in a row ends the episode as unparsable, with the answer as evidence and its cost counted', async () => {
    const { server, design } = await scripted((_request, number) => (number === 0 ? 'hello .' : '[action]'));
    const { result } = await play(design);
    expect(result).toMatchObject({ ending: 'unparsable', turns: 1, calls: 3, inputTokens: 30 });
    expect(server.asked).toHaveLength(3);
    expect(await episodeOf(result.episode)).toMatchObject({ unreadAnswer: '[action]', ending: 'unparsable' });
  });
});

describe('a model that fails is an error, never a turn', () => {
  const cases: [string, ChatAnswer, object][] = [
    ['500', { status: 500 }, { type: 'MODEL_UNAVAILABLE', nonRetryable: false }],
    [
      '503 with Retry-After',
      { status: 503, headers: { 'retry-after': '7' } },
      { type: 'MODEL_UNAVAILABLE', nextRetryDelay: 7000 },
    ],
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '3' } },
      { type: 'MODEL_RATE_LIMITED', nonRetryable: false, nextRetryDelay: 3000 },
    ],
    [
      '429 in milliseconds',
      { status: 429, headers: { 'retry-after-ms': '250' } },
      { type: 'MODEL_RATE_LIMITED', nextRetryDelay: 250 },
    ],
    ['401', { status: 401 }, { type: 'MODEL_UNAUTHORIZED', nonRetryable: true }],
    ['403', { status: 403 }, { type: 'MODEL_UNAUTHORIZED', nonRetryable: true }],
    ['404', { status: 404 }, { type: 'MODEL_NOT_FOUND', nonRetryable: true }],
    ['400', { status: 400 }, { type: 'MODEL_REQUEST_REFUSED', nonRetryable: true }],
  ];
  test.each(cases)('%s', async (_name, answer, expected) => {
    const { server, design } = await scripted((_request, number) => (number < 2 ? 'hello .' : answer));
    await expect(play(design)).rejects.toMatchObject(expected);
    // Two turns and the failure: the client does not retry behind Temporal's back.
    expect(server.asked).toHaveLength(3);
  });

  test('a server that is not there', async () => {
    const address = `http://127.0.0.1:${await freePort()}/v1`;
    const playing = play(await designOf(modelPlayer(model(address, 'scripted'))));
    await expect(playing).rejects.toMatchObject({ type: 'MODEL_UNAVAILABLE', nonRetryable: false });
    await expect(playing).rejects.toThrow(address);
  });

  test('the failure names model and address, and never the key', async () => {
    const server = await chatServer(() => ({ status: 401, body: 'wrong key' }));
    const spec = model(server.baseUrl, 'scripted', { apiKeyEnv: 'SOME_KEY' });
    const error: unknown = await play(await designOf(modelPlayer(spec))).catch((reason: unknown) => reason);
    expect(String(error)).toContain(`"scripted" at ${server.baseUrl}`);
    expect(JSON.stringify(error) + String(error)).not.toContain('key-of-the-test');
  });

  test('a variable that the worker lacks is said by name', async () => {
    const spec = model('${NO_SUCH_URL}/v1', 'scripted');
    await expect(play(await designOf(modelPlayer(spec)))).rejects.toMatchObject({
      type: 'CONFIGURATION_MISSING',
      nonRetryable: true,
      message: expect.stringContaining('NO_SUCH_URL') as string,
    });
  });

  test('cancelled while a call is in flight, it ends as cancelled', async () => {
    const { server, design } = await scripted(() => ({ never: true }));
    const environment = activityEnvironment();
    const asked = server.nextRequest();
    const playing = environment.run(activities().playEpisode, { design, number: 0 });
    const outcome = expect(playing).rejects.toBeInstanceOf(CancelledFailure);
    await asked;
    environment.cancel('CANCELLED');
    await outcome;
  });
});
