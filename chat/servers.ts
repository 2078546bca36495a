import { z } from 'zod';
import { LineChild, parseLine } from '../activities/support/childProcess';
import { ChatError } from './chatError';

const Ready = z.looseObject({
  event: z.literal('ready'),
  baseUrl: z.string(),
  digest: z.string().optional(),
});

/** Servers that run as long as a chat. Each also ends by itself when this process is gone, however it ended. */
export class Servers {
  private readonly children: LineChild[] = [];
  private readonly broken = new AbortController();
  /** Aborts when the chat is broken off, or when one of the servers ends. */
  readonly signal: AbortSignal;

  constructor(interrupted: AbortSignal) {
    this.signal = AbortSignal.any([interrupted, this.broken.signal]);
  }

  /** Waits for the server's line `{"event":"ready","baseUrl":…}`. Errors: ChatError when it ends; the signal's reason. */
  async start(name: string, child: LineChild): Promise<z.infer<typeof Ready>> {
    this.children.push(child);
    const stop = () => void child.stop();
    this.signal.addEventListener('abort', stop, { once: true });
    void child.exited.then(({ code, signal, notStarted, stderrTail }) => {
      const how = notStarted ?? signal ?? `code ${code}`;
      this.broken.abort(new ChatError(`The ${name} ended (${how}). ${stderrTail.slice(-1000)}`.trim()));
    });
    for await (const line of child.lines()) {
      const ready = Ready.safeParse(parseLine(line));
      if (ready.success) return ready.data;
    }
    await child.exited;
    this.signal.throwIfAborted();
    throw new ChatError(`The ${name} ended before it was ready.`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
  }
}

/** Simulated models, as the local runtime starts them. @param script the built entry of the simulator */
export const startSimulator = (script: string): LineChild =>
  new LineChild({
    command: process.execPath,
    args: [script, '--exit-with-stdin'],
    env: {},
    graceMs: 5_000,
  });
