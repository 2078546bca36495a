import { AsyncLocalStorage } from 'node:async_hooks';
import type { TaskQueue } from '../../schemas/names';
import type { World } from './world';

const running = new AsyncLocalStorage<SimulatedProcess>();

/** A file or, where null, a folder, by its path. */
export type Files = Map<string, Buffer | null>;

/**
 * A worker process, one life of it: what is started in it ends with it, in the middle of whatever it does. Code knows
 * the process that it runs in by its asynchronous context.
 */
export class SimulatedProcess {
  isDead = false;
  /** A frozen process does nothing before this time, and does not know it. */
  frozenUntil = 0;
  /** Whether Temporal cannot be reached; the store and the models can. */
  isCutOff = false;
  /** Milliseconds by which its clock is wrong. */
  clockError = 0;
  private readonly onDeath: (() => void)[] = [];
  private readonly onReconnect: (() => void)[] = [];

  constructor(
    readonly world: World,
    readonly name: string,
    readonly queue: TaskQueue,
    /** Its machine's disk outlives it. */
    readonly files: Files,
  ) {}

  static get current(): SimulatedProcess | undefined {
    return running.getStore();
  }

  get isFrozen(): boolean {
    return this.frozenUntil > this.world.clock.now;
  }

  /** Whether Temporal gives it work. */
  get takesWork(): boolean {
    return !this.isDead && !this.isFrozen && !this.isCutOff;
  }

  /** Runs code in it. */
  run<R>(code: () => R): R {
    return running.run(this, code);
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    for (const then of this.onDeath) then();
  }

  /** What the rest of the machine does when the process dies. */
  whenItDies(then: () => void): void {
    this.onDeath.push(then);
  }

  reconnect(): void {
    this.isCutOff = false;
    for (const then of this.onReconnect.splice(0)) then();
  }

  /** Does it now, or when Temporal can be reached again. */
  whenConnected(then: () => void): void {
    if (this.isCutOff) this.onReconnect.push(() => this.whenConnected(then));
    else then();
  }

  /**
   * Something asked of the outside, such as a store: it happens there after half the time, and is known here after all
   * of it. A process that dies in between has asked, and never knows.
   */
  ask<R>(ms: number, happens: () => R): Promise<R> {
    const { clock } = this.world;
    return new Promise((resolve, reject) => {
      clock.after(ms / 2, this, () => {
        let settle: () => void;
        try {
          const result = happens();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error as Error);
        }
        clock.after(ms / 2, this, settle);
      });
    });
  }
}
