import { createRandom, type Random } from '../../domain/random/random';
import { WORKERS } from './worker';

/** What happens to a machine or its worker. */
export const MACHINE_FAULTS = ['kill', 'stop', 'freeze', 'cut off', 'clock jumps', 'server dies'] as const;
/** What happens to something that all use. */
const SHARED_FAULTS = ['store fails', 'models fail', 'no quota', 'disk full', 'workflows forgotten'] as const;
/** What people do. */
const DEEDS = ['pause', 'raise limit', 'drop gate', 'contradict', 'retry'] as const;

/** One thing that goes wrong, or that somebody does; times in milliseconds since the beginning. */
export interface Fault {
  at: number;
  lasts: number;
  kind: (typeof MACHINE_FAULTS)[number] | (typeof SHARED_FAULTS)[number] | (typeof DEEDS)[number];
  machine: number;
  /** How much of what is asked fails, 0 to 1. */
  share: number;
}

export interface FaultPlan {
  faults: Fault[];
  /** Nothing goes wrong any more from here on. */
  calmAt: number;
  /** After so many events Temporal suggests that a run continues as new. */
  longHistory: number;
}

/** The demo campaign takes this long undisturbed. */
const UNDISTURBED_MS = 60_000;
/** Several times what Temporal waits for a silent worker. */
const LONGEST_MS = 40_000;
const MOST_FAULTS = 10;

/** What goes wrong seldom comes alone: this share of faults follows another one closely. */
const FOLLOWING = 0.4;
const CLOSELY_MS = 3_000;

/** A plan of faults; equal seeds give equal plans. */
export function faultPlan(seed: number): FaultPlan {
  const random = createRandom(seed);
  const faults: Fault[] = [];
  for (let left = 1 + random.integer(MOST_FAULTS); left > 0; left -= 1)
    faults.push(fault(random, faults.at(-1)));
  faults.sort((a, b) => a.at - b.at);
  const calmAt = Math.max(...faults.map(({ at, lasts }) => at + lasts));
  return { faults, calmAt, longHistory: random.pick([4_096, 4_096, 400, 250]) };
}

const fault = (random: Random, before: Fault | undefined): Fault => ({
  at:
    before && random.uniform() < FOLLOWING
      ? before.at + random.integer(CLOSELY_MS)
      : random.integer(UNDISTURBED_MS),
  // Short ones are the more frequent.
  lasts: Math.round(500 + LONGEST_MS * random.uniform() ** 2),
  kind: random.pick(random.pick([MACHINE_FAULTS, MACHINE_FAULTS, SHARED_FAULTS, DEEDS])),
  machine: random.integer(WORKERS.length),
  share: 0.2 + 0.8 * random.uniform(),
});

/** Whether anything goes wrong, beside what people do, between two times since the beginning. */
export const isDisturbed = ({ faults }: FaultPlan, from: number, to: number): boolean =>
  faults.some(({ at, lasts, kind }) => !isDeed(kind) && at <= to && at + lasts >= from);

const isDeed = (kind: Fault['kind']): boolean => (DEEDS as readonly string[]).includes(kind);

export const describeFault = ({ at, lasts, kind, machine, share }: Fault): string =>
  `${(at / 1000).toFixed(3)} s: ${kind}, for ${(lasts / 1000).toFixed(3)} s, machine ${machine} (${WORKERS[machine]}), share ${share.toFixed(2)}`;
