import { CancelledFailure } from '@temporalio/activity';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { StorageError } from '../../artifacts/storageError';
import { model } from '../support/activities';
import type { ChatAnswer, ChatServer } from '../support/chatServer';
import { type BatchAttempt, batchTests, onlyEpisode, playedBy } from '../support/episodeBatches';
import {
  CALLS_AN_EPISODE,
  episodeAsked,
  Gate,
  Hanging,
  hangsHalfway,
  isForJudge,
  isHalfway,
  judgement,
  LINES,
  script,
  sortedQuestions,
  turnAsked,
} from '../support/scripts';

const { batch, scripted } = batchTests();

describe('what an attempt leaves in the store when it ends is not asked again by a new activity', () => {
  const episodes = 4;
  const undisturbed = async () => {
    const { server, finish } = await scripted(script, { episodes });
    const { index, cost } = await finish();
    return { asked: sortedQuestions(server.asked), made: [index.digest, cost] };
  };

  test('a parking failure of one episode keeps rated, played and open ones', async () => {
    const { asked, made } = await undisturbed();
    const hanging = new Hanging(hangsHalfway);
    let refused = false;
    const { start, finish } = await scripted(
      async (request): Promise<ChatAnswer> => {
        if (refused || episodeAsked(request) !== 3) return hanging.answer(request);
        await running.progress(isHalfway);
        refused = true;
        return { status: 401 };
      },
      { episodes },
    );
    const running: BatchAttempt = start();
    await expect(running.result).rejects.toMatchObject({ type: 'MODEL_UNAUTHORIZED', nonRetryable: true });
    hanging.release();
    const { index, cost } = await finish();
    expect(sortedQuestions(hanging.answered)).toEqual(asked);
    expect([index.digest, cost]).toEqual(made);
  });

  test('a cancelled attempt ends as cancelled and keeps them, too', async () => {
    const { asked, made } = await undisturbed();
    const hanging = new Hanging((request) => hangsHalfway(request) || episodeAsked(request) === 3);
    const { start, finish } = await scripted(hanging.answer, { episodes });
    const running = start();
    await running.progress(isHalfway);
    running.cancel();
    await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
    hanging.release();
    const { index, cost } = await finish();
    expect(sortedQuestions(hanging.answered)).toEqual(asked);
    expect([index.digest, cost]).toEqual(made);
  });

  test('a cancelled attempt waits for a store that is away, since nobody else knows what was paid for', async () => {
    const hanging = new Hanging(hangsHalfway);
    const { store, start, finish } = await scripted(hanging.answer, { episodes: 3 });
    const running = start();
    await running.progress(isHalfway);
    const answered = hanging.answered.length;
    const away = new StorageError('STORAGE_UNREACHABLE', 'The S3 store does not answer.');
    jest.spyOn(store, 'putDocument').mockRejectedValueOnce(away);
    running.cancel();
    await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
    hanging.release();
    await finish();
    expect(hanging.answered.length - answered).toBe(3 * CALLS_AN_EPISODE - answered);
  });

  test('a limit of calls that is reached keeps what was made within it, and a higher one goes on', async () => {
    const { asked, made } = await undisturbed();
    const modelCalls = asked.length - 5;
    const { server, store, finish } = await scripted(script, { episodes, modelCalls });
    await expect(finish()).rejects.toMatchObject({ type: 'CALLS_EXHAUSTED', nonRetryable: true });
    expect(server.asked.length).toBeLessThanOrEqual(modelCalls);
    const raised = await batch({ ...playedBy(server), store, episodes });
    const { index, cost } = await raised.finish();
    expect(new Set(sortedQuestions(server.asked))).toEqual(new Set(asked));
    expect([index.digest, cost]).toEqual(made);
  });

  test('a store that takes nothing does not hide why the attempt ended', async () => {
    const { store, finish } = await scripted(() => ({ status: 401 }));
    jest.spyOn(store, 'putDocument').mockRejectedValue(new Error('the store is away'));
    await expect(finish()).rejects.toMatchObject({ type: 'MODEL_UNAUTHORIZED' });
  });
});

describe('a finished batch', () => {
  /** The same conversations for another judge, who is a model of the same server. */
  const judgedAnew = ({ server, store }: { server: ChatServer; store: ArtifactStore }) =>
    batch({ ...playedBy(server), judge: model(server.baseUrl, 'other-judge'), store });

  test('is not played again, whatever its worker had told before it was killed', async () => {
    const { server, start, finish } = await scripted();
    const { result, heartbeats } = start();
    const finished = await result;
    server.asked.length = 0;
    expect(await finish({ attempt: 2, heartbeatDetails: heartbeats[0] })).toEqual(finished);
    expect(await finish()).toEqual(finished);
    expect(server.asked).toEqual([]);
  });

  test('is rated by another judge without being played again', async () => {
    const first = await scripted();
    const { row } = await onlyEpisode(first.store, await first.finish());
    first.server.asked.length = 0;
    const second = await judgedAnew(first);
    const judged = await onlyEpisode(first.store, await second.finish());
    expect(first.server.asked.map((request) => request.model)).toEqual(['other-judge']);
    expect(judged.row.episode).toBe(row.episode);
    expect(judged.row.rating).not.toBe(row.rating);
  });

  test('is what the first to finish made, also for an attempt that comes late with other answers', async () => {
    const lines = { of: ['no .', '[leave]'] };
    const late = new Gate();
    const { server, store, ...attempts } = await scripted(async (request, number) => {
      if (number === 0) await late.opened;
      return isForJudge(request) ? judgement(1, 1) : (lines.of[turnAsked(request)] ?? '[leave]');
    });
    const asked = server.nextRequest();
    const zombie = attempts.start();
    await asked;
    const finished = await attempts.finish();
    lines.of = LINES;
    late.open();
    expect(await zombie.result).toEqual(finished);
    // Two turns and their rating; then the late attempt's conversation, all of it.
    expect(server.asked).toHaveLength(3 + CALLS_AN_EPISODE);

    const { episode } = await onlyEpisode(store, finished);
    const judged = await onlyEpisode(store, await (await judgedAnew({ server, store })).finish());
    expect(judged.episode).toEqual(episode);
  });
});
