import type { Player } from '../../schemas/episode';
import { model, modelPlayer, startSimulator } from '../support/activities';
import type { ChatAnswer, ChatRequest } from '../support/chatServer';
import { batchTests, indexOf, onlyEpisode } from '../support/episodeBatches';
import { until } from '../support/processes';
import { CALLS_AN_EPISODE, episodeAsked, isForJudge, LINES, script, turnAsked } from '../support/scripts';

const { batch, scripted } = batchTests();
let simulator: Awaited<ReturnType<typeof startSimulator>>;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());

describe('an episode', () => {
  test('of the real simulator is played to its end and rated, and a second worker makes the same bytes', async () => {
    const player = (name: string) => modelPlayer(model(simulator.baseUrl, name));
    const players: [Player, Player] = [player('simulated-expert'), player('simulated-partner')];
    const sampling = { temperature: 0, topP: 1, maxTokens: 1024 };
    const judge = model(simulator.baseUrl, 'simulated-judge', { sampling });
    const first = await batch({ players, judge });
    const second = await batch({ players, judge });
    const finished = await first.finish();
    expect((await second.finish()).index.digest).toEqual(finished.index.digest);
    const { row, episode } = await onlyEpisode(first.store, finished);
    expect(['left', 'limit']).toContain(episode.ending);
    expect(episode.models).toEqual(['simulated-expert', 'simulated-partner']);
    expect(episode.turns.map(({ speaker }) => speaker)).toEqual(episode.turns.map((_, turn) => turn % 2));
    expect(row).toMatchObject({ number: 0, id: 'boat-0-0-0', turns: episode.turns.length });
    expect(row.scores).not.toBeNull();
  });

  test('asks each turn once, with a seed of its own, and ends when one leaves', async () => {
    const { server, store, finish } = await scripted();
    const finished = await finish();
    const { row, episode } = await onlyEpisode(store, finished);
    expect(row).toMatchObject({ ending: 'left', turns: LINES.length });
    expect(episode.turns.map(({ action }) => action.argument)).toEqual([...LINES.slice(0, -1), '']);
    expect(server.asked).toHaveLength(CALLS_AN_EPISODE);
    expect(new Set(server.asked.map(({ seed }) => seed)).size).toBe(CALLS_AN_EPISODE);
    expect(server.asked[1]?.messages).toEqual([
      { role: 'system', content: 'haggle over the boat-0 buy limit=75 hope=50' },
      { role: 'user', content: LINES[0] },
    ]);
  });
});

describe('an answer that cannot be read', () => {
  test('gets one repair call with another seed, and its turn counts two calls', async () => {
    const answers = ['hello .', '', '[leave]'];
    const { server, store, finish } = await scripted((request, number) => answers[number] ?? script(request));
    const { row, episode } = await onlyEpisode(store, await finish());
    expect(row).toMatchObject({ ending: 'left', turns: 2 });
    expect(server.asked[2]?.messages).toEqual(server.asked[1]?.messages);
    expect(server.asked[2]?.seed).not.toBe(server.asked[1]?.seed);
    expect(episode.turns.map(({ call }) => call.calls)).toEqual([1, 2]);
  });

  test('twice in a row ends the episode as unparsable, with the answer as evidence and its cost counted', async () => {
    const { server, store, finish } = await scripted((_, number) => (number === 0 ? 'hello .' : '[action]'));
    const finished = await finish();
    const { row, episode } = await onlyEpisode(store, finished);
    expect(row).toMatchObject({ ending: 'unparsable', turns: 1, scores: null });
    expect(episode).toMatchObject({ unreadAnswer: '[action]', unreadCall: { calls: 2 } });
    expect(server.asked).toHaveLength(3);
    expect(finished.cost).toEqual({ calls: 3, inputTokens: 30, outputTokens: 6, gpuSeconds: 0 });
  });
});

test('a refusal is not said by the agent: it is asked for again, and a refusal again ends the conversation', async () => {
  const refusal = 'I cannot help with that.';
  const once = await scripted((request, number) => (number === 1 ? { refusal } : script(request)));
  const { episode } = await onlyEpisode(once.store, await once.finish());
  expect(episode.turns.map(({ action }) => action.argument)).not.toContain(refusal);
  expect(episode).toMatchObject({ ending: 'left', turns: { 1: { call: { calls: 2 } } } });

  const always = await scripted((request, number) => (number > 0 ? { refusal } : script(request)));
  const refused = await onlyEpisode(always.store, await always.finish());
  expect(refused.episode).toMatchObject({ ending: 'unparsable', unreadAnswer: refusal });
});

describe('a batch', () => {
  test('costs what its models were asked: repairs, unparsable episodes and judgements included', async () => {
    const { server, store, finish } = await scripted(troubled(), { episodes: 4 });
    const finished = await finish();
    const asked = server.asked.length;
    expect(asked).toBe(CALLS_AN_EPISODE + (CALLS_AN_EPISODE + 1) + 4 + (CALLS_AN_EPISODE + 2));
    expect(finished.cost).toEqual({
      calls: asked,
      inputTokens: 10 * asked,
      outputTokens: 2 * asked,
      gpuSeconds: 0,
    });
    expect((await indexOf(store, finished)).map(({ ending, scores }) => [ending, scores !== null])).toEqual([
      ['left', true],
      ['left', true],
      ['unparsable', false],
      ['left', false],
    ]);
    expect(finished.unrated).toMatchObject({
      count: 2,
      reasons: { 'unparsable-episode': 1, 'unreadable-answer': 1 },
    });
  });

  test('has as many requests open at once as it may, never more, and is indexed by number', async () => {
    const [episodes, inFlight] = [24, 8];
    const open = { now: 0, most: 0 };
    const { store, finish } = await scripted(
      async (request) => {
        open.now += 1;
        open.most = Math.max(open.most, open.now);
        await until('as many are open as may be', () => open.most >= inFlight);
        // Some take longer, so that episodes end in another order than they began.
        await ticks(episodeAsked(request) % 3);
        open.now -= 1;
        return script(request);
      },
      { episodes, inFlight },
    );
    const rows = await indexOf(store, await finish());
    expect(open.most).toBe(inFlight);
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: episodes }, (_, number) => number));
  });
});

/** Episode 1 has a turn to repair, 2 one that stays unreadable, 3 a judgement that does. */
function troubled(): (request: ChatRequest) => ChatAnswer {
  let repaired = false;
  return (request) => {
    const episode = episodeAsked(request);
    if (isForJudge(request)) return episode === 3 ? 'Both did well.' : script(request);
    if (turnAsked(request) !== 2) return script(request);
    if (episode === 2) return '[action]';
    if (episode !== 1 || repaired) return script(request);
    repaired = true;
    return '';
  };
}

async function ticks(number: number): Promise<void> {
  for (let tick = 0; tick <= number; tick += 1) await new Promise((resolve) => setImmediate(resolve));
}
