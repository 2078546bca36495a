import type { ChildExit, LineChild } from '../../activities/support/childProcess';
import type { SimulatedProcess } from './simulatedProcess';

/** A process of the machine that dies soon after its parent does, as it notices the end of its input. */
const OUTLIVES_PARENT_MS = 200;

/** What `LineChild` is to activities, without a program: the trainer's doings are scheduled as events. */
export class TrainerChild implements Pick<LineChild, 'lines' | 'exited' | 'stop' | 'keepParent'> {
  isAlive = true;
  /** What it does when it is asked to leave. */
  onStop: () => void = () => this.exit(0);
  readonly exited: Promise<ChildExit>;
  private end: (exit: ChildExit) => void = () => undefined;
  private heard: (string | null)[] = [];
  private wake: () => void = () => undefined;

  constructor(readonly parent: SimulatedProcess) {
    const { children } = parent.world;
    children.add(this);
    this.exited = new Promise((resolve) => {
      this.end = resolve;
    });
    parent.whenItDies(() => this.later(OUTLIVES_PARENT_MS, () => this.exit(null, 'SIGTERM')));
  }

  /** Does something in so many milliseconds, if it lives then; its parent may be frozen meanwhile. */
  later(ms: number, action: () => void): void {
    this.parent.world.clock.after(ms, null, () => {
      if (this.isAlive) action();
    });
  }

  say(event: object): void {
    this.tell(JSON.stringify(event));
  }

  exit(code: number | null, signal: NodeJS.Signals | null = null): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.parent.world.children.delete(this);
    this.tell(null);
    const exit: ChildExit = { code, signal, stderrTail: '', notStarted: null };
    this.inParent(() => this.end(exit));
  }

  async *lines(): AsyncGenerator<string> {
    for (;;) {
      const line = this.heard.shift();
      if (line === null) return;
      if (line !== undefined) yield line;
      else
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
    }
  }

  stop(): Promise<ChildExit> {
    if (this.isAlive) this.onStop();
    return this.exited;
  }

  /** Simulated processes stay as long as their world. */
  keepParent(): void {}

  private tell(line: string | null): void {
    this.inParent(() => {
      this.heard.push(line);
      this.wake();
    });
  }

  private inParent(action: () => void): void {
    this.parent.world.clock.after(1, this.parent, action);
  }
}
