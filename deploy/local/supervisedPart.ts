import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessIdentity } from '../shared/processIdentity.cjs';
import { type Command, type Exit, GuardedProcess } from './guardedProcess';
import type { LocalRuntimeError } from './localRuntimeError';
import { partFailed, type ReadySign, untilReady } from './readiness';

/** A program of the runtime: how to run it and how it says that it is ready. */
export interface Part extends Command {
  ready: ReadySign;
}

export type PartEventKind = 'starting' | 'ready' | 'died' | 'failed' | 'stopped';

/** Something that happened to a part. */
export interface PartEvent {
  part: string;
  kind: PartEventKind;
  message: string;
}

/** Longest time to get ready, in seconds: a worker loads its libraries on cores that others keep busy. */
const READY_SECONDS = 90;
/** Pause before a dead part is started again, in milliseconds, doubled with each death in a row. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;
/** Deaths in a row after which a part is given up. */
const MOST_DEATHS = 5;
/** A part that ran this long, in milliseconds, has recovered: its deaths count from nothing again. */
const RECOVERED_AFTER = 60_000;

/** Keeps one part running: a part that dies is started again after a growing pause, a bounded number of times. */
export class SupervisedPart {
  private running: GuardedProcess | undefined;
  private readonly stopping = new AbortController();
  private keeping: Promise<void> = Promise.resolve();
  restarts = 0;

  constructor(
    readonly part: Part,
    private readonly tell: (event: PartEvent) => void,
    /** Called with a part that is given up; the caller decides what becomes of the others. */
    private readonly giveUp: (error: LocalRuntimeError) => void,
  ) {}

  get identity(): ProcessIdentity | undefined {
    return this.running?.identity;
  }

  /** @throws {LocalRuntimeError} PART_FAILED when it does not get ready; nothing of it is left running then */
  async start(): Promise<void> {
    const first = this.run();
    this.keeping = first.then(
      (running) => this.keep(running),
      () => {},
    );
    await first;
  }

  /** Ends the part, politely at first. @param force kills it at once when aborted */
  async stop(force?: AbortSignal): Promise<void> {
    this.stopping.abort();
    await this.running?.stop(force);
    await this.keeping;
    this.event('stopped', 'stopped');
  }

  private async run(): Promise<GuardedProcess> {
    this.event('starting', `starting; log: ${this.part.log}`);
    const running = await GuardedProcess.start(this.part);
    this.running = running;
    try {
      // It may have been stopped while it was being started.
      if (this.stopping.signal.aborted) throw await partFailed(running, 'was stopped');
      await untilReady(running, this.part.ready, READY_SECONDS);
    } catch (error) {
      await running.stop();
      throw error;
    }
    this.event('ready', 'ready');
    return running;
  }

  /** Lasts as long as the part is to run. */
  private async keep(first: GuardedProcess): Promise<void> {
    let running: GuardedProcess | undefined = first;
    let deaths = 0;
    while (!this.stopping.signal.aborted) {
      const since = performance.now();
      const how = running === undefined ? 'did not get ready' : describe(await running.exited);
      if (this.stopping.signal.aborted) return;
      deaths = running !== undefined && performance.now() - since > RECOVERED_AFTER ? 1 : deaths + 1;
      if (deaths > MOST_DEATHS) return this.abandon(running ?? first, how);
      await this.pause(deaths, how);
      running = this.stopping.signal.aborted ? undefined : await this.runAgain();
    }
  }

  private async pause(deaths: number, how: string): Promise<void> {
    const pause = Math.min(FIRST_PAUSE * 2 ** (deaths - 1), LONGEST_PAUSE);
    this.event('died', `${how}; starting again in ${pause / 1000} s (${deaths} of ${MOST_DEATHS})`);
    await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => {});
  }

  private async runAgain(): Promise<GuardedProcess | undefined> {
    this.restarts += 1;
    return this.run().catch(() => undefined);
  }

  private async abandon(last: GuardedProcess, how: string): Promise<void> {
    const error = await partFailed(last, `died ${MOST_DEATHS + 1} times in a row, at last: ${how}`);
    this.event('failed', error.message);
    this.giveUp(error);
  }

  private event(kind: PartEventKind, message: string): void {
    this.tell({ part: this.part.name, kind, message });
  }
}

function describe({ code, signal }: Exit): string {
  if (signal !== null) return `was killed by ${signal}`;
  // A shell reports a death by signal N as status 128 + N.
  return code !== null && code > 128 ? `was killed by signal ${code - 128}` : `ended with status ${code}`;
}
