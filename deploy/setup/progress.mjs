/** Telling what the setup does, on standard error: one line when a part starts, goes on, is done. */

/** Seconds between lines that say that a part still works. */
const HEARTBEAT = 10;
const WIDTH = 100;

export class Progress {
  #started = performance.now();
  #quiet;
  #working = new Map();
  #timer;

  /** @param {boolean} quiet say nothing but errors */
  constructor(quiet) {
    this.#quiet = quiet;
  }

  seconds() {
    return (performance.now() - this.#started) / 1000;
  }

  /** @param {string} text */
  line(text) {
    if (this.#quiet) return;
    process.stderr.write(`[${this.seconds().toFixed(1).padStart(6)} s] ${text}\n`);
  }

  /** A part starts. @param {string} name @returns {{ say: (line: string) => void }} */
  start(name) {
    this.#working.set(name, '');
    this.#timer ??= setInterval(() => this.#heartbeat(), HEARTBEAT * 1000).unref();
    return { say: (line) => void (this.#working.has(name) && this.#working.set(name, line)) };
  }

  /** @param {string} name @param {string} outcome */
  end(name, outcome) {
    this.#working.delete(name);
    this.line(`${name}: ${outcome}`);
    if (this.#working.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #heartbeat() {
    for (const [name, said] of this.#working) this.line(`${name}: working … ${said}`.slice(0, WIDTH));
  }
}
