/**
 * Preloaded into a process, moves what it takes for the time by the milliseconds in the file PI_LOOP_CLOCK_FILE, anew
 * whenever that changes: `Date`, in all its threads. Monotonic clocks stay as they are, as they do when a machine's
 * clock is set.
 */
const { readFileSync, watchFile } = require('node:fs');

const file = process.env.PI_LOOP_CLOCK_FILE ?? '';
const RealDate = Date;
let shift = 0;

const read = () => {
  shift = Number(readFileSync(file, 'utf8'));
};
read();
watchFile(file, { interval: 50, persistent: false }, read);

globalThis.Date = class extends RealDate {
  /** @param {[]} given */
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(RealDate.now() + shift);
  }

  static now() {
    return RealDate.now() + shift;
  }
};
