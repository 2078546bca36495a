/**
 * Preloaded into a process, moves what it takes for the time by PI_LOOP_CHAOS_CLOCK_MS: `Date`, in all its threads.
 * Monotonic clocks stay as they are, as they do when a machine's clock is set.
 */
const shift = Number(process.env.PI_LOOP_CHAOS_CLOCK_MS ?? 0);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  /** @param {unknown[]} given */
  constructor(...given) {
    // @ts-expect-error -- Date's constructors are several
    super(...(given.length === 0 ? [RealDate.now() + shift] : given));
  }

  static now() {
    return RealDate.now() + shift;
  }
};
