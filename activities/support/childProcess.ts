import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** After SIGTERM the child has this long to leave by itself. */
  graceMs: number;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of standard error, for messages. */
  stderrTail: string;
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
    try {
      yield* createInterface({ input: stdout });
    } finally {
      // A reader that has heard enough must not leave the pipe to fill up, nor the child without an end.
      stdout.resume();
    }
  }

  /** Asks the child to leave, waits, and makes sure that it is gone. */
  async stop(): Promise<ChildExit> {
    this.process.kill('SIGTERM');
    const force = setTimeout(() => this.process.kill('SIGKILL'), this.options.graceMs);
    const exit = await this.exited;
    clearTimeout(force);
    return exit;
  }

  private async waitForExit(): Promise<ChildExit> {
    const outcome = once(this.process, 'close').then(([code, signal]) => ({ code, signal }));
    const failed = once(this.process, 'error').then(([error]) => {
      this.keep(String(error));
      return { code: null, signal: null };
    });
    return { ...(await Promise.race([outcome, failed])), stderrTail: this.stderr.join('\n') };
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
