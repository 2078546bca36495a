import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const HOUR_MS = 3_600_000;

/** What a program prints when its clock is moved, as JSON. */
function printed(script: string): number[] {
  const preload = join(__dirname, '../../chaos/system/shiftedClock.cjs');
  const output = execFileSync(process.execPath, ['--require', preload, '-e', script], {
    env: { ...process.env, PI_LOOP_CHAOS_CLOCK_MS: String(HOUR_MS) },
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

test('a moved clock tells another time in all ways, threads included', () => {
  const before = Date.now();
  const thread = `new (require('worker_threads').Worker)('require("worker_threads").parentPort.postMessage(Date.now())', {eval: true})`;
  const told = printed(
    `${thread}.once('message', (inThread) => console.log(JSON.stringify([Date.now(), +new Date(), inThread])))`,
  );
  for (const time of told) {
    expect(time).toBeGreaterThanOrEqual(before + HOUR_MS);
    expect(time).toBeLessThanOrEqual(Date.now() + HOUR_MS);
  }
});

test('times that are given stay as they are', () => {
  expect(printed('console.log(JSON.stringify([+new Date(5), +new Date("1970-01-01T00:00:01Z")]))')).toEqual([
    5, 1000,
  ]);
});
