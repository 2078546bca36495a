import { StorageError } from '../../artifacts/storageError';
import { BatchProgress, StoredProgress } from '../../schemas/batch';
import type { ChatRequest } from '../support/chatServer';
import { batchTests, indexOf } from '../support/episodeBatches';
import { until } from '../support/processes';
import {
  CALLS_AN_EPISODE,
  Hanging,
  hangsHalfway,
  isForJudge,
  isHalfway,
  isTurn,
  LINES,
  script,
  sortedQuestions,
} from '../support/scripts';

const { scripted } = batchTests();

describe('the attempt after one whose worker was killed', () => {
  test('goes on after the last turn, row and rating that was told, asks no answered question again, and makes the same', async () => {
    const undisturbed = await scripted(script, { episodes: 3 });
    const { index, cost } = await undisturbed.finish();

    const hanging = new Hanging(hangsHalfway);
    const { store, start, finish } = await scripted(hanging.answer, { episodes: 3 });
    const heartbeatDetails = await start().progress(isHalfway);
    hanging.release();
    const resumed = await finish({ attempt: 2, heartbeatDetails });
    expect(sortedQuestions(hanging.answered)).toEqual(sortedQuestions(undisturbed.server.asked));
    expect([resumed.index.digest, resumed.cost]).toEqual([index.digest, cost]);
    expect(await indexOf(store, resumed)).toHaveLength(3);
  });

  test.each<[string, (told: BatchProgress) => unknown]>([
    ['another design’s', (told) => ({ ...told, design: 'd'.repeat(64) })],
    ['another batch’s', (told) => ({ ...told, from: 64 })],
    ['an older version’s', (told) => ({ ...told, open: [{ number: 0, turns: [{ number: 0 }] }] })],
    ['unreadable', () => 'garbage'],
  ])('starts anew when what it is given is %s', async (_whose, changed) => {
    const hanging = new Hanging(isTurn(3));
    const { server, start, finish } = await scripted(hanging.answer);
    const told = await start().progress(({ open }) => open[0]?.turns.length === 3);
    hanging.release();
    server.asked.length = 0;
    await finish({ attempt: 2, heartbeatDetails: changed(told) });
    expect(server.asked).toHaveLength(CALLS_AN_EPISODE);
  });
});

describe('a heartbeat', () => {
  test('carries the turns of the conversations under way', async () => {
    const { start } = await scripted(new Hanging(isTurn(3)).answer);
    const [told] = (await start().progress(({ open }) => open[0]?.turns.length === 3)).open;
    expect(told?.turns.map(({ action }) => action.argument)).toEqual(LINES.slice(0, 3));
  });

  test('says that the worker lives while the models take their time', async () => {
    const { start } = await scripted(new Hanging(isTurn(0)).answer);
    const { heartbeats, nextHeartbeat } = start();
    await nextHeartbeat();
    // Half of what an activity may be silent.
    await until('it is told again', () => heartbeats.length > 1, 4);
  });
});

describe('conversations too large for a heartbeat', () => {
  /** What Temporal warns of. */
  const LARGE_PAYLOAD_BYTES = 512 * 1024;
  const atLength = (request: ChatRequest): string => {
    const text = script(request);
    return isForJudge(request) || text === '[leave]' ? text : text.padEnd(190_000, ' word');
  };
  /** An attempt that has told three turns of great length, by way of the store. */
  async function threeLongTurns() {
    const hanging = new Hanging(isTurn(3), atLength);
    const batch = await scripted(hanging.answer);
    const running = batch.start();
    const toldTurns = async () => {
      const told = StoredProgress.safeParse(running.heartbeats.at(-1)).data;
      const progress = told && (await batch.store.getJson(told.stored, BatchProgress));
      return progress?.open[0]?.turns.length;
    };
    await until('three turns are told', async () => (await toldTurns()) === 3);
    return { ...batch, hanging, running, stored: running.heartbeats.at(-1) };
  }

  test('go by way of the store, and a new attempt goes on from there', async () => {
    const { hanging, running, stored, server, finish } = await threeLongTurns();
    const sizes = running.heartbeats.map((details) => JSON.stringify(details ?? null).length);
    expect(Math.max(...sizes)).toBeLessThan(LARGE_PAYLOAD_BYTES);
    hanging.release();
    server.asked.length = 0;
    const { cost } = await finish({ attempt: 2, heartbeatDetails: stored });
    expect(server.asked).toHaveLength(CALLS_AN_EPISODE - 3);
    expect(cost.calls).toBe(CALLS_AN_EPISODE);
  });

  test('that the store does not take for a moment leave what was told as it was', async () => {
    const { running, store, stored, start } = await threeLongTurns();
    const away = new StorageError('STORAGE_UNREACHABLE', 'The S3 store does not answer.');
    jest.spyOn(store, 'putJson').mockRejectedValue(away);
    expect(await running.nextHeartbeat()).toEqual(stored);
    const next = start({ attempt: 2, heartbeatDetails: stored });
    expect(await next.nextHeartbeat()).toEqual(stored);
  });
});
