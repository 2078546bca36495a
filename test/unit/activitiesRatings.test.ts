import { CancelledFailure } from '@temporalio/activity';
import { createRatingActivities } from '../../activities/ratings';
import { CollectionDesigns } from '../../activities/support/collectionDesigns';
import { createEnvironment } from '../../activities/support/environment';
import { LanguageModels } from '../../activities/support/languageModels';
import type { Episode, Turn } from '../../schemas/episode';
import { Rating } from '../../schemas/rating';
import { DIMENSIONS } from '../../schemas/scores';
import {
  activityEnvironment,
  attempt,
  model,
  modelPlayer,
  startSimulator,
  storeDesign,
} from '../support/activities';
import { type ChatAnswer, type ChatServer, startChatServer } from '../support/chatServer';
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

const turn = (number: number, argument: string, type: Turn['action']['type'] = 'speak'): Turn => ({
  number,
  speaker: number % 2 === 0 ? 0 : 1,
  action: { type, argument },
  call: {
    model: 'scripted',
    snapshot: 'scripted',
    promptDigest: '0'.repeat(64),
    usage: { inputTokens: 1, outputTokens: 1 },
    calls: 1,
  },
});

const EPISODE: Episode = {
  id: 'boat-0-0',
  task: 'boat',
  agents: ['ada', 'ben'],
  models: ['scripted', 'scripted'],
  seed: 7,
  turns: [turn(0, 'how about 60 ?'), turn(1, 'deal , i agree .'), turn(2, '', 'leave')],
  ending: 'left',
};

async function rate(judge: ReturnType<typeof model>, episode: Episode = EPISODE) {
  const { store } = objects;
  const design = await storeDesign(store, [modelPlayer(judge), modelPlayer(judge)], judge);
  const { digest } = await store.putJson(episode, 'episode.json');
  const { rateEpisode } = createRatingActivities({ store, models, designs: new CollectionDesigns(store) });
  const input = { design, number: 0, episode: digest.sha256 };
  return { rateEpisode, input, rated: async () => (await attempt(rateEpisode, [input])).result };
}
const ratingOf = (digest: string) => objects.store.getJson(digest, Rating);

async function scripted(answer: (number: number) => ChatAnswer) {
  const server = await startChatServer((_request, number) => answer(number));
  servers.push(server);
  return { server, ...(await rate(model(server.baseUrl, 'some-judge'))) };
}

const side = (goal: unknown) =>
  Object.fromEntries(
    DIMENSIONS.map((dimension) => [
      dimension,
      { reasoning: `on ${dimension}`, score: dimension === 'goal' ? goal : 0 },
    ]),
  );
const judgement = (first: unknown, second: unknown) =>
  JSON.stringify({ agent_1: side(first), agent_2: side(second) });

test('the real simulator’s judge rates both sides on all dimensions, and the same again', async () => {
  const { rated } = await rate(
    model(simulator.baseUrl, 'simulated-judge', { sampling: { temperature: 0, topP: 1, maxTokens: 1024 } }),
  );
  const first = await rated();
  expect(await rated()).toEqual(first);
  const rating = await ratingOf(first.rating);
  expect(rating).toMatchObject({ kind: 'rated', episode: 'boat-0-0', scores: first.scores });
  expect(first.calls).toBe(1);
});

test('reasoning and scores of both sides are kept, in the order of the positions', async () => {
  const { rated } = await scripted(() => judgement(9, 3));
  const { rating, scores } = await rated();
  expect(scores?.map(({ goal }) => goal)).toEqual([9, 3]);
  expect(await ratingOf(rating)).toMatchObject({ reasoning: [{ goal: 'on goal' }, { secret: 'on secret' }] });
});

test.each([
  ['prose', 'Both did well.'],
  ['half an object', judgement(9, 3).slice(0, 200)],
  ['a score out of range', judgement(11, 3)],
  ['a score in words', judgement('nine', 3)],
])('%s is repaired by asking again, with another seed and what was wrong', async (_what, bad) => {
  const { server, rated } = await scripted((number) => (number === 0 ? bad : judgement(9, 3)));
  const { scores, calls, inputTokens } = await rated();
  expect(scores?.[0].goal).toBe(9);
  expect({ calls, inputTokens }).toEqual({ calls: 2, inputTokens: 20 });
  expect(server.asked[1]?.seed).not.toBe(server.asked[0]?.seed);
  expect(server.asked[1]?.messages.at(-1)?.content).toContain('could not be read');
});

test('an answer that stays unreadable after two repairs leaves the episode unrated, never scored', async () => {
  const { server, rated } = await scripted((number) => `prose ${number}`);
  const { rating, scores, calls } = await rated();
  expect({ scores, calls }).toEqual({ scores: null, calls: 3 });
  expect(server.asked).toHaveLength(3);
  expect(await ratingOf(rating)).toMatchObject({
    kind: 'unrated',
    reason: 'unreadable-answer',
    answer: 'prose 2',
  });
});

test('a refusal is not argued with: unrated at once, with what was said', async () => {
  const { server, rated } = await scripted(() => ({ refusal: 'I will not judge this.' }));
  const { rating, scores } = await rated();
  expect(scores).toBeNull();
  expect(server.asked).toHaveLength(1);
  expect(await ratingOf(rating)).toMatchObject({ reason: 'refusal', answer: 'I will not judge this.' });
});

test('an unparsable episode is not sent to the judge', async () => {
  const server = await startChatServer(() => judgement(9, 3));
  servers.push(server);
  const episode: Episode = { ...EPISODE, ending: 'unparsable', unreadAnswer: '[action]' };
  const { rated } = await rate(model(server.baseUrl, 'some-judge'), episode);
  const { rating, ...rest } = await rated();
  expect(rest).toEqual({ scores: null, calls: 0, inputTokens: 0, outputTokens: 0 });
  expect(server.asked).toEqual([]);
  expect(await ratingOf(rating)).toEqual({
    kind: 'unrated',
    episode: 'boat-0-0',
    reason: 'unparsable-episode',
    answer: '[action]',
  });
});

test.each([
  [{ status: 500 }, 'MODEL_UNAVAILABLE'],
  [{ status: 429 }, 'MODEL_RATE_LIMITED'],
  [{ status: 401 }, 'MODEL_UNAUTHORIZED'],
])('a judge that fails with %j is an error (%s), never unrated', async (answer, type) => {
  const { rated } = await scripted(() => answer);
  await expect(rated()).rejects.toMatchObject({ type });
});

test('cancelled while the judge thinks, it ends as cancelled', async () => {
  const { server, rateEpisode, input } = await scripted(() => ({ never: true }));
  const environment = activityEnvironment();
  const asked = server.nextRequest();
  const outcome = expect(environment.run(rateEpisode, input)).rejects.toBeInstanceOf(CancelledFailure);
  await asked;
  environment.cancel('CANCELLED');
  await outcome;
});
