import { EventEmitter, once } from 'node:events';
import { Context } from '@temporalio/activity';
import type { ChildExit } from '../support/childProcess';
import { failure } from '../support/failures';
import { describeExit, type EngineProgram, type StartedEngine, type WholeModel } from './engine';

/** An engine that answers. */
export interface Engine {
  baseUrl: string;
  /** The whole model's name in requests. */
  model: string;
  exited: Promise<ChildExit>;
  /** How many use each adapter that it has, by digest. */
  adapters: Map<string, number>;
}

interface Entry {
  users: number;
  started: Promise<StartedEngine>;
  /** Once it answers. */
  engine: Engine | undefined;
  stopping: boolean;
  idle: NodeJS.Timeout | undefined;
}

interface PoolOptions {
  /** Engines at once; each holds a GPU's memory. */
  most: number;
  /** How long an engine that nobody uses stays, for whoever wants the same model next. */
  idleMs: number;
}

/** A policy whose server gives up this often before it is ready is not going to be served. */
const MOST_STARTS = 3;

/** The engines of one worker process, one for each whole model; they die with it. */
export class EnginePool {
  private readonly entries = new Map<string, Entry>();
  /** Says `changed` when an engine has ended or become idle. */
  private readonly events = new EventEmitter().setMaxListeners(0);

  constructor(
    private readonly program: EngineProgram,
    private readonly options: PoolOptions,
  ) {}

  /**
   * The engine of a model, kept until it is released. Waits while others hold all the room there is.
   * Errors: POLICY_SERVER_FAILED, POLICY_UNSERVABLE, the program's `missing`; the signal's reason.
   */
  async acquire(model: WholeModel, signal: AbortSignal): Promise<Engine> {
    for (;;) {
      signal.throwIfAborted();
      const entry = this.entries.get(model.digest) ?? this.startIfThereIsRoom(model);
      if (entry && !entry.stopping) return this.use(entry, signal);
      await this.makeRoom(signal);
    }
  }

  /** An engine that has ended meanwhile needs no release, and another may be in its place. */
  async release(engine: Engine): Promise<void> {
    const entry = [...this.entries.values()].find((one) => one.engine === engine);
    if (entry) await this.leave(entry);
  }

  private async leave(entry: Entry): Promise<void> {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (!entry.engine || this.options.idleMs === 0) return this.stop(entry);
    (await entry.started).child.keepParent(false);
    entry.idle = setTimeout(() => void this.stop(entry), this.options.idleMs).unref();
    this.events.emit('changed');
  }

  /** Stops what nobody uses, when something else wants the machine. */
  async stopIdle(): Promise<void> {
    await Promise.all([...this.entries.values()].filter(isIdle).map((entry) => this.stop(entry)));
  }

  private startIfThereIsRoom(model: WholeModel): Entry | undefined {
    if (this.entries.size >= this.options.most) return undefined;
    const started = this.program.start(model);
    const entry: Entry = { users: 0, started, engine: undefined, stopping: false, idle: undefined };
    this.entries.set(model.digest, entry);
    const forget = () => {
      clearTimeout(entry.idle);
      this.entries.delete(model.digest);
      this.events.emit('changed');
    };
    started.then(({ child }) => child.exited.then(forget), forget);
    return entry;
  }

  private async use(entry: Entry, signal: AbortSignal): Promise<Engine> {
    entry.users += 1;
    clearTimeout(entry.idle);
    entry.idle = undefined;
    try {
      const { child, ready, model: name } = await entry.started;
      child.keepParent(true);
      const baseUrl = await Promise.race([ready, child.exited, aborted(signal)]);
      signal.throwIfAborted();
      if (typeof baseUrl !== 'string') throw this.startFailure(await child.exited);
      entry.engine ??= { baseUrl, model: name, exited: child.exited, adapters: new Map() };
      return entry.engine;
    } catch (error) {
      await this.leave(entry);
      throw error;
    }
  }

  private startFailure(exit: ChildExit) {
    if (exit.notStarted !== null) return this.program.missing(exit.notStarted);
    const { attempt } = Context.current().info;
    // A server that was killed may start another time; one that leaves by itself has a reason.
    const hopeless = exit.signal === null && attempt >= MOST_STARTS;
    return failure(
      hopeless ? 'POLICY_UNSERVABLE' : 'POLICY_SERVER_FAILED',
      `The policy server ended before it was ready; ${hopeless ? `that was attempt ${attempt}` : 'it is started again'}. ${describeExit(exit)}`,
    );
  }

  /** Stops one that nobody uses, or waits until something changes. */
  private async makeRoom(signal: AbortSignal): Promise<void> {
    const idle = [...this.entries.values()].find(isIdle);
    if (idle) return this.stop(idle);
    await once(this.events, 'changed', { signal }).catch(() => undefined);
  }

  private async stop(entry: Entry): Promise<void> {
    entry.stopping = true;
    clearTimeout(entry.idle);
    const started = await entry.started.catch(() => undefined);
    started?.child.keepParent(true);
    await started?.child.stop();
  }
}

const isIdle = ({ users, stopping }: Entry): boolean => users === 0 && !stopping;

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
