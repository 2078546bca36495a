import type { Fault } from './faultProxy';
import { createRandom, type Random, seedOf } from '../domain/random';

/** Worker processes, each with connections of its own. */
export const WORKERS = ['dialogue-1', 'dialogue-2', 'orchestration', 'gpu-train', 'gpu-serve'] as const;
export type WorkerName = (typeof WORKERS)[number];

export const SERVERS = ['temporal', 's3', 'simulator'] as const;
export type ServerName = (typeof SERVERS)[number];

/** Programs that workers start when they need them. */
export const CHILDREN = ['trainer', 'policy-server'] as const;
export type ChildName = (typeof CHILDREN)[number];

export type Target = WorkerName | ServerName | ChildName;

const isOneOf =
  <T extends string>(names: readonly T[]) =>
  (name: string): name is T =>
    (names as readonly string[]).includes(name);
export const isWorker = isOneOf(WORKERS);
export const isChild = isOneOf(CHILDREN);

/** What a worker is connected to. */
export const PEERS = ['s3', 'provider', 'temporal'] as const;
export type Peer = (typeof PEERS)[number];

export type PlannedFault = { atSeconds: number } & (
  | {
      kind: 'kill';
      target: Target;
      /** Until it is started again; what a worker started, it starts again itself. */
      downSeconds: number;
    }
  | { kind: 'freeze'; target: Target; seconds: number }
  | { kind: 'network'; worker: WorkerName | 'all'; peer: Peer; fault: Fault; seconds: number }
  /** The worker may write so many bytes a file. */
  | { kind: 'disk-full'; worker: 'gpu-train' | 'gpu-serve'; bytes: number; seconds: number }
  | { kind: 'clock'; worker: WorkerName; hours: -1 | 1; seconds: number }
  /** All workers, one after the other, are replaced by those of another build. */
  | { kind: 'deploy' }
  /** A person pauses the campaign, and resumes it. */
  | { kind: 'pause'; seconds: number }
);
export type PlannedKind = PlannedFault['kind'];

/** How often each kind comes in a dozen, which takes a hundred seconds. */
const DOZEN: readonly PlannedKind[] = [
  ...(['kill', 'kill', 'kill'] as const),
  ...(['freeze', 'freeze'] as const),
  ...(['network', 'network', 'network'] as const),
  'disk-full',
  'clock',
  'deploy',
  'pause',
];
/** While tasks are still being written. */
const FIRST_AT_SECONDS = 2;
/** Between the starts of two faults: room to recover, and at times not enough of it. */
const PAUSE_SECONDS = [6, 11] as const;
/** Nothing starts so shortly before the end that it would strike nobody. */
const QUIET_END_SECONDS = 6;

/** Decides which faults happen when. The same seed gives the same plan. */
export function planFaults(seed: number, minutes: number): PlannedFault[] {
  const random = createRandom(seedOf('chaos', seed));
  const faults: PlannedFault[] = [];
  let kinds: PlannedKind[] = [];
  let atSeconds = FIRST_AT_SECONDS;
  while (atSeconds < minutes * 60 - QUIET_END_SECONDS) {
    if (kinds.length === 0) kinds = random.shuffle(DOZEN);
    faults.push(draw(kinds.pop() ?? 'kill', atSeconds, random));
    atSeconds = tenths(atSeconds + between(PAUSE_SECONDS, random));
  }
  return faults;
}

function draw(kind: PlannedKind, atSeconds: number, random: Random): PlannedFault {
  const seconds = (low: number, high: number) => tenths(between([low, high], random));
  switch (kind) {
    case 'kill':
      return { atSeconds, kind, target: random.pick(TARGETS), downSeconds: seconds(0.5, 4) };
    case 'freeze':
      return { atSeconds, kind, target: random.pick(TARGETS), seconds: seconds(2, 13) };
    case 'network': {
      const peer = random.pick(PEERS);
      const worker = random.pick(['all', random.pick(CALLERS[peer])] as const);
      return { atSeconds, kind, worker, peer, fault: random.pick(FAULTS[peer]), seconds: seconds(2, 12) };
    }
    case 'disk-full':
      return { atSeconds, kind, ...random.pick(FULL_DISKS), seconds: seconds(4, 10) };
    case 'clock':
      return {
        atSeconds,
        kind,
        worker: random.pick(WORKERS),
        hours: random.pick([-1, 1] as const),
        seconds: seconds(8, 15),
      };
    case 'deploy':
      return { atSeconds, kind };
    case 'pause':
      return { atSeconds, kind, seconds: seconds(2, 6) };
  }
}

const TARGETS: readonly Target[] = [...WORKERS, ...SERVERS, ...CHILDREN];

/** Who talks to a peer. */
const CALLERS: Record<Peer, readonly WorkerName[]> = {
  s3: WORKERS,
  provider: ['dialogue-1', 'dialogue-2'],
  temporal: WORKERS,
};

/** Less than the trainer's checkpoints, and less than a policy. */
const FULL_DISKS = [
  { worker: 'gpu-train', bytes: 180_000 },
  { worker: 'gpu-serve', bytes: 60_000 },
] as const;

const LINK_FAULTS: readonly Fault[] = [
  { kind: 'cut' },
  { kind: 'stall' },
  { kind: 'latency', milliseconds: 400 },
  { kind: 'latency', milliseconds: 1500 },
];
const SOME = { probability: 0.3 };
const LOST_ANSWERS: readonly Fault[] = [
  { kind: 'reset', answered: false, ...SOME },
  { kind: 'reset', answered: true, ...SOME },
  { kind: 'half', bytes: 20, ...SOME },
];
const refused = (status: number, headers: Record<string, string> = {}): Fault => ({
  kind: 'status',
  status,
  headers,
  ...SOME,
});

/** What may happen on the way to a peer, and is to be survived. */
const FAULTS: Record<Peer, readonly Fault[]> = {
  s3: [
    ...LINK_FAULTS,
    ...LOST_ANSWERS,
    refused(409),
    refused(500),
    refused(503),
    // A store whose answers are all wrong is beyond recovery; one wrong answer is not.
    { kind: 'corrupt', method: 'GET', times: 1 },
  ],
  provider: [
    ...LINK_FAULTS,
    ...LOST_ANSWERS,
    refused(429, { 'retry-after': '1' }),
    refused(500),
    refused(503),
    { kind: 'corrupt', method: 'POST', ...SOME },
  ],
  temporal: LINK_FAULTS,
};

const between = ([low, high]: readonly [number, number], random: Random): number =>
  low + random.uniform() * (high - low);

const tenths = (seconds: number): number => Math.round(seconds * 10) / 10;
