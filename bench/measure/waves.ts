import { setTimeout as sleep } from 'node:timers/promises';

interface Waves<C> {
  /** Episodes under way at once: they start together, so they end in waves of so many. */
  inFlight: number;
  /** Waves that pass before the window opens: connections are made, code is compiled. */
  warmUpWaves: number;
  /** The window is the shortest run of whole waves at least this long. */
  seconds: number;
  /** Episodes rated so far, cheap to ask. */
  episodes: () => Promise<number>;
  /** What else is to be known of the moment at which the window opens or closes. */
  note: () => Promise<C>;
}

/** A moment in a run. */
export type Sample<C> = C & {
  /** Milliseconds, monotonic. */
  at: number;
  episodes: number;
};

export interface Window<C> {
  opened: Sample<C>;
  closed: Sample<C>;
}

const LOOK_EVERY_MS = 50;
/** An engine that is stuck for so long will not go on. */
const STUCK_MS = 120_000;

/**
 * A steady window. It opens and closes as a wave of episodes has just ended, so that no half wave is counted as a
 * whole one or as none. Errors: when no episode ends for two minutes.
 */
export async function wholeWaves<C>(waves: Waves<C>): Promise<Window<C>> {
  const { inFlight, warmUpWaves, seconds } = waves;
  const opened = await sampleAt(warmUpWaves * inFlight, waves);
  for (let wave = warmUpWaves + 1; ; wave += 1) {
    await ended(wave * inFlight, waves);
    if (performance.now() - opened.at < seconds * 1000) continue;
    return { opened, closed: await sampleAt(wave * inFlight, waves) };
  }
}

async function sampleAt<C>(wanted: number, waves: Waves<C>): Promise<Sample<C>> {
  const episodes = await ended(wanted, waves);
  return { at: performance.now(), episodes, ...(await waves.note()) };
}

/** Waits until so many have ended. @returns how many have */
async function ended(wanted: number, { episodes }: Waves<unknown>): Promise<number> {
  let last = { count: -1, at: 0 };
  for (;;) {
    const count = await episodes();
    const at = performance.now();
    if (count >= wanted) return count;
    if (count !== last.count) last = { count, at };
    if (at - last.at > STUCK_MS)
      throw new Error(`no episode ended for ${STUCK_MS / 1000} s: ${count} of ${wanted} have`);
    await sleep(LOOK_EVERY_MS);
  }
}
