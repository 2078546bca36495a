import { setTimeout as sleep } from 'node:timers/promises';
import { GuardedProcess } from '../../deploy/local/guardedProcess';
import { untilReady } from '../../deploy/local/readiness';
import type { Part } from '../../deploy/local/supervisedPart';
import { signal } from './processes';

/** From when to when something could not do its work, as of `performance.now()`. */
export interface Interval {
  from: number;
  to: number;
}

/** A worker that starts while its store is cut off gives up at once, and is started again: for so long. */
const START_WITHIN_SECONDS = 180;
const READY_SECONDS = 60;
const PAUSE_MS = 1000;

/** One process with all that it starts, which is killed, frozen and replaced, and started again when it dies by itself. */
export class ControlledPart {
  /** How often it ended though nobody had ended it. */
  deaths: string[] = [];
  private running: GuardedProcess | undefined;
  private order: Promise<unknown> = Promise.resolve();

  /** @param describe what to start; asked anew at each start */
  constructor(
    readonly name: string,
    private readonly describe: () => Part,
  ) {}

  /** Id of its process group; undefined while it does not run. */
  get group(): number | undefined {
    return this.running?.identity.pid;
  }

  start(): Promise<void> {
    return this.inTurn(() => this.run());
  }

  /** Asks it to leave, and kills it after its time. */
  stop(): Promise<Interval> {
    return this.inTurn(() => this.end());
  }

  /** Replaces it by what is described now. @returns when the old one left */
  replace(): Promise<Interval> {
    return this.inTurn(async () => {
      const left = await this.end();
      await this.run();
      return left;
    });
  }

  /** As kill -9 does it, and starts it again after so many seconds. @returns from its death until it was ready again */
  kill(downSeconds: number): Promise<Interval> {
    return this.inTurn(async () => {
      const killed = this.running;
      this.running = undefined;
      if (killed) signal(-killed.identity.pid, 'SIGKILL');
      const from = performance.now();
      await killed?.exited;
      await sleep(downSeconds * 1000);
      await this.run();
      return { from, to: performance.now() };
    });
  }

  freeze(seconds: number): Promise<Interval> {
    return this.inTurn(async () => {
      const { group } = this;
      const from = performance.now();
      if (group !== undefined) signal(-group, 'SIGSTOP');
      await sleep(seconds * 1000);
      if (group !== undefined) signal(-group, 'SIGCONT');
      return { from, to: performance.now() };
    });
  }

  /** Two faults that strike the same part strike it one after the other. */
  private inTurn<R>(work: () => Promise<R>): Promise<R> {
    const done = this.order.then(work);
    this.order = done.catch(() => undefined);
    return done;
  }

  private async end(): Promise<Interval> {
    const from = performance.now();
    const ended = this.running;
    this.running = undefined;
    await ended?.stop();
    return { from, to: performance.now() };
  }

  private async run(): Promise<void> {
    const deadline = performance.now() + START_WITHIN_SECONDS * 1000;
    for (;;) {
      const part = this.describe();
      const started = await GuardedProcess.start(part);
      try {
        await untilReady(started, part.ready, READY_SECONDS);
        this.running = started;
        this.watch(started);
        return;
      } catch (error) {
        await started.stop(AbortSignal.abort());
        if (performance.now() > deadline) throw error;
      }
      await sleep(PAUSE_MS);
    }
  }

  private watch(started: GuardedProcess): void {
    void started.exited.then(({ code, signal: by }) => {
      if (this.running !== started) return;
      this.running = undefined;
      this.deaths.push(`${this.name} ended by itself (${by ?? `status ${code}`})`);
      void this.start().catch((error: unknown) => this.deaths.push(String(error)));
    });
  }
}
