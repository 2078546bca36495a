import { createInterface, type Interface } from 'node:readline';
import { COMMANDS_HELP, type Person, readTypedLine } from '../chat/person';
import type { Action, Turn } from '../schemas/episode';

interface KeyboardOptions {
  screen: NodeJS.WriteStream;
  say(text: string): void;
  show(turn: Turn): void;
  /** Told when Ctrl-C is typed: a terminal that is read by lines sends no signal. */
  interrupt(): void;
  signal: AbortSignal;
}

/** A person who reads and types at a terminal, or lines from a pipe; where they end, the person leaves. */
export class Keyboard implements Person {
  private readonly reader: Interface;
  private readonly lines: AsyncIterator<string>;
  private shown = 0;

  constructor(private readonly options: KeyboardOptions) {
    const { screen, signal, interrupt } = options;
    const terminal = process.stdin.isTTY && screen.isTTY;
    this.reader = createInterface({ input: process.stdin, output: terminal ? screen : undefined, signal });
    this.reader.on('SIGINT', interrupt);
    this.reader.setPrompt(terminal ? '> ' : '');
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  hear(turns: readonly Turn[]): void {
    for (const turn of turns.slice(this.shown)) this.options.show(turn);
    this.shown = turns.length;
  }

  async act(): Promise<Action> {
    for (;;) {
      this.reader.prompt();
      const { value, done } = await this.lines.next();
      this.options.signal.throwIfAborted();
      if (done) return { type: 'leave', argument: '' };
      const typed = readTypedLine(value);
      if ('action' in typed) return typed.action;
      if ('unknown' in typed) this.options.say(typed.unknown);
      if ('help' in typed) this.options.say(COMMANDS_HELP);
    }
  }

  close(): void {
    this.reader.close();
    process.stdin.destroy();
  }
}
