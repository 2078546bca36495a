import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** After SIGTERM the child has this long to leave by itself. */
  graceMs: number;
  /** The child leads a process group of its own, of which nobody outlives it. */
  leadsGroup?: boolean;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of standard error, for messages. */
  stderrTail: string;
  /** Why the program could not even be started, such as `ENOENT`; null when it ran. */
  notStarted: string | null;
}

const STDERR_LINES_KEPT = 30;

/**
 * A child that speaks NDJSON on its standard output. It ends when its standard input ends, so it never outlives this
 * process, however that dies.
 */
export class LineChild {
  private readonly process: ChildProcess;
  private readonly stderr: string[] = [];
  readonly exited: Promise<ChildExit>;

  constructor(private readonly options: ChildOptions) {
    this.process = spawn(options.command, options.args, {
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.leadsGroup ?? false,
    });
    this.process.stdin?.on('error', () => undefined);
    if (this.process.stderr)
      createInterface({ input: this.process.stderr }).on('line', (line) => this.keep(line));
    this.exited = this.waitForExit();
  }

  /** Lines of standard output until it ends. */
  async *lines(): AsyncGenerator<string> {
    const { stdout } = this.process;
    if (!stdout) return;
    const reader = createInterface({ input: stdout });
    // What was never started does not end its output by itself.
    void this.exited.then(({ notStarted }) => notStarted !== null && reader.close());
    try {
      yield* reader;
    } finally {
      // A reader that has heard enough must not leave the pipe to fill up, nor the child without an end.
      stdout.resume();
    }
  }

  /** Writes a line to its standard input. */
  say(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** Asks the child to leave, waits, and makes sure that it is gone. */
  async stop(): Promise<ChildExit> {
    this.process.kill('SIGTERM');
    const force = setTimeout(() => this.kill(), this.options.graceMs);
    const exit = await this.exited;
    clearTimeout(force);
    return exit;
  }

  /** Whether this process stays for the child's sake. One that stays for nothing else takes the child with it. */
  keepParent(keeps: boolean): void {
    const { stdin, stdout, stderr } = this.process;
    for (const held of [this.process, stdin, stdout, stderr] as (ChildProcess | Socket | null)[]) {
      if (keeps) held?.ref();
      else held?.unref();
    }
  }

  private kill(): void {
    if (!this.options.leadsGroup) return void this.process.kill('SIGKILL');
    try {
      process.kill(-(this.process.pid ?? Number.NaN), 'SIGKILL');
    } catch {
      // Nobody is left in the group.
    }
  }

  private waitForExit(): Promise<ChildExit> {
    if (this.options.leadsGroup) this.process.once('exit', () => this.kill());
    return new Promise((resolve) => {
      const settle = (end: Omit<ChildExit, 'stderrTail'>) =>
        resolve({ ...end, stderrTail: this.stderr.join('\n') });
      this.process.once('close', (code, signal) => settle({ code, signal, notStarted: null }));
      this.process.on('error', (error: NodeJS.ErrnoException) => {
        // Other errors, as of a signal that could not be sent, are no end.
        if (error.syscall?.startsWith('spawn'))
          settle({ code: null, signal: null, notStarted: error.code ?? error.message });
      });
    });
  }

  private keep(line: string): void {
    this.stderr.push(line);
    if (this.stderr.length > STDERR_LINES_KEPT) this.stderr.shift();
  }
}

/** One NDJSON line as a value, or undefined when a library printed something else in between. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
