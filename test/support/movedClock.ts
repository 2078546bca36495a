import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Loaded before a worker's own code: what `Date` says is as much later as the file says. */
const PRELOAD = `
const { readFileSync, watchFile } = require('node:fs');
const RealDate = Date;
let ahead = 0;
const read = () => { ahead = Number(readFileSync(process.env.MOVED_CLOCK, 'utf8')); };
read();
watchFile(process.env.MOVED_CLOCK, { interval: 50, persistent: false }, read);
globalThis.Date = class Date extends RealDate {
  constructor(...time) {
    if (time.length > 0) super(...time);
    else super(RealDate.now() + ahead);
  }
  static now() {
    return RealDate.now() + ahead;
  }
};
`;

const clockFile = (directory: string): string => join(directory, 'moved-clock');

/** Variables of a worker whose clock `setClock` moves. */
export function movableClock(directory: string): Record<string, string> {
  const preload = join(directory, 'moved-clock.cjs');
  writeFileSync(preload, PRELOAD);
  setClock(directory, 0);
  return { NODE_OPTIONS: `--require=${preload}`, MOVED_CLOCK: clockFile(directory) };
}

/** Moves the clock at once, by so many milliseconds from the real time. */
export function setClock(directory: string, milliseconds: number): void {
  writeFileSync(clockFile(directory), String(milliseconds));
}
