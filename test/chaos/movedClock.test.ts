import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { movableClock, moveClock } from '../../chaos/system/movedClock';

const HOUR_MS = 3_600_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pi-loop-clock-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program prints when its clock is moved, as JSON. */
function printed(script: string): number[] {
  const file = join(folder, 'clock');
  const env = { ...process.env, ...movableClock(file) };
  moveClock(file, HOUR_MS);
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' }));
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
