import { EnginePool } from '../../activities/serving/enginePool';
import type { WholeModel } from '../../activities/serving/engine';
import { LineChild } from '../../activities/support/childProcess';
import { failure } from '../../activities/support/failures';

// Engines that are programs which do nothing: who may have one, and when it ends.

const never = new AbortController().signal;
const model = (digest: string): WholeModel => ({ digest, directory: `/policies/${digest}` });
const [first, second] = [model('first'), model('second')];

const pools: EnginePool[] = [];
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.stopIdle())));

function engines(options: { most: number; idleMs: number }) {
  const children: LineChild[] = [];
  const pool = new EnginePool(
    {
      start: async ({ digest }) => {
        const env = { PATH: process.env['PATH'] ?? '' };
        const child = new LineChild({ command: 'cat', args: [], env, graceMs: 1000 });
        children.push(child);
        return { child, ready: Promise.resolve(`http://${digest}/v1`), model: digest };
      },
      missing: (why) => failure('TRAINER_MISSING', why),
    },
    options,
  );
  pools.push(pool);
  return { pool, children };
}

const KEPT = { most: 1, idleMs: 600_000 };

test('all who want a model at once have one engine, which stays for the next', async () => {
  const { pool, children } = engines(KEPT);
  const [one, other] = await Promise.all([pool.acquire(first, never), pool.acquire(first, never)]);
  expect(one).toBe(other);
  await pool.release(one);
  await pool.release(one);
  const again = await pool.acquire(first, never);
  expect(again).toBe(one);
  expect(children).toHaveLength(1);
  await pool.release(again);
});

test('another model waits while there is no room, and takes the place of one that is only kept', async () => {
  const { pool, children } = engines(KEPT);
  const one = await pool.acquire(first, never);
  const waiting = pool.acquire(second, never);
  expect(children).toHaveLength(1);
  await pool.release(one);
  const other = await waiting;
  expect(other.model).toBe('second');
  expect(await one.exited).toMatchObject({ signal: 'SIGTERM' });
  await pool.release(other);
});

test('whoever waits for room can be told not to', async () => {
  const { pool } = engines(KEPT);
  const one = await pool.acquire(first, never);
  const cancelled = new AbortController();
  const waiting = pool.acquire(second, cancelled.signal);
  cancelled.abort(new Error('not wanted any more'));
  await expect(waiting).rejects.toThrow('not wanted any more');
  await pool.release(one);
});

test('one that nobody is to keep ends with its last user, one that is kept when its time is over', async () => {
  for (const idleMs of [0, 1]) {
    const { pool } = engines({ most: 1, idleMs });
    const one = await pool.acquire(first, never);
    await pool.release(one);
    expect(await one.exited).toMatchObject({ signal: 'SIGTERM' });
  }
});

test('who had an engine that has ended does not give back the one in its place', async () => {
  const { pool, children } = engines({ most: 1, idleMs: 0 });
  const ended = await pool.acquire(first, never);
  await children[0]?.stop();
  const next = await pool.acquire(first, never);
  expect(next).not.toBe(ended);
  await pool.release(ended);
  await expect(Promise.race([next.exited, Promise.resolve('lives')])).resolves.toBe('lives');
  await pool.release(next);
  expect(await next.exited).toMatchObject({ signal: 'SIGTERM' });
});
