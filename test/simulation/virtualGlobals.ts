import { AsyncLocalStorage } from 'node:async_hooks';
import { SimulatedProcess } from './simulatedProcess';
import { simulatedFetch } from './policyServers';

const RealDate = Date;
const real = {
  Date,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  fetch,
  random: Math.random,
  performanceNow: performance.now.bind(performance),
  abortAfter: AbortSignal.timeout.bind(AbortSignal),
};

/** The clock of the simulated process that asks; the machine's for all others. */
function now(): number {
  const process = SimulatedProcess.current;
  return process ? process.world.clock.now + process.clockError : RealDate.now();
}

class VirtualDate extends RealDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(now());
    else super(...args);
  }

  static override now(): number {
    return now();
  }
}

class VirtualTimer {
  private scheduled;

  constructor(
    private readonly process: SimulatedProcess,
    private readonly ms: number,
    private readonly action: () => void,
    private readonly repeats: boolean,
  ) {
    this.scheduled = this.schedule();
  }

  private schedule() {
    return this.process.world.clock.after(Math.max(1, this.ms), this.process, () => {
      if (this.repeats) this.scheduled = this.schedule();
      this.action();
    });
  }

  cancel(): void {
    this.scheduled.cancel();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

type Callback = (...args: unknown[]) => void;

/** A timer of the simulated process whose code asks for it; elsewhere a real one. */
const timer =
  (ofMachine: (callback: Callback, ms?: number, ...args: unknown[]) => unknown, repeats: boolean) =>
  (callback: Callback, ms = 1, ...args: unknown[]): unknown => {
    const process = SimulatedProcess.current;
    if (!process) return ofMachine(callback, ms, ...args);
    const inContext = AsyncLocalStorage.snapshot();
    return new VirtualTimer(process, ms, () => inContext(callback, ...args), repeats);
  };

const clear =
  (ofMachine: (timer: never) => void) =>
  (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else ofMachine(timer as never);
  };

/** AbortSignal.timeout in virtual time. */
function abortAfter(ms: number): AbortSignal {
  if (!SimulatedProcess.current) return real.abortAfter(ms);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException('The operation timed out.', 'TimeoutError')), ms);
  return controller.signal;
}

/** Lets simulated processes live in virtual time, with chance by seed. @returns what takes it back */
export function virtualiseGlobals(): () => void {
  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: timer(real.setTimeout as never, false),
    clearTimeout: clear(real.clearTimeout),
    setInterval: timer(real.setInterval as never, true),
    clearInterval: clear(real.clearInterval),
    fetch: simulatedFetch,
  });
  Math.random = () => SimulatedProcess.current?.world.random.uniform() ?? real.random();
  performance.now = () => SimulatedProcess.current?.world.clock.elapsed ?? real.performanceNow();
  AbortSignal.timeout = abortAfter;
  return () => {
    const { Date, setTimeout, clearTimeout, setInterval, clearInterval, fetch } = real;
    Object.assign(globalThis, { Date, setTimeout, clearTimeout, setInterval, clearInterval, fetch });
    Math.random = real.random;
    performance.now = real.performanceNow;
    AbortSignal.timeout = real.abortAfter;
  };
}
