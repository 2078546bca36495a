import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, type ProcessIdentity } from '../shared/processIdentity.cjs';
import { CHECKOUT } from './checkout';

const GUARD = path.join(CHECKOUT, 'deploy/shared/guard.sh');

/** A program to run. */
export interface Command {
  name: string;
  command: string;
  args: readonly string[];
  /** All of its environment. */
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Its standard output and error are appended here. */
  log: string;
  /** Seconds between SIGTERM and SIGKILL when it is stopped. */
  stopSeconds: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * A running program that ends with this process, however this process ends: it runs under deploy/shared/guard.sh, in a
 * process group of its own, which also keeps the terminal's Ctrl-C from it.
 */
export class GuardedProcess {
  readonly exited: Promise<Exit>;
  /** Identity of the guard, which leads the process group. */
  readonly identity: ProcessIdentity;

  private constructor(
    private readonly child: ChildProcess,
    readonly command: Command,
    /** Where in the log this run begins, in bytes. */
    readonly logStart: number,
  ) {
    const pid = child.pid ?? -1;
    this.identity = identityOf(pid) ?? { pid, startedAt: 'ended at once' };
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.killGroup();
        resolve({ code, signal });
      });
    });
  }

  /** @throws when the guard cannot be started at all */
  static async start(command: Command): Promise<GuardedProcess> {
    const log = openSync(command.log, 'a');
    const logStart = fstatSync(log).size;
    try {
      const args = [String(command.stopSeconds), command.command, ...command.args];
      const stdio = ['pipe', log, log] as ['pipe', number, number];
      const child = spawn(GUARD, args, { cwd: command.cwd, env: command.env, detached: true, stdio });
      await once(child, 'spawn');
      child.stdin?.on('error', () => {});
      return new GuardedProcess(child, command, logStart);
    } finally {
      closeSync(log);
    }
  }

  /** SIGTERM, and SIGKILL to whatever is left after the command's stopSeconds, or at once when `force` aborts. */
  async stop(force?: AbortSignal): Promise<Exit> {
    this.child.kill('SIGTERM');
    const given = new AbortController();
    const signal = force === undefined ? given.signal : AbortSignal.any([given.signal, force]);
    const deadline = sleep(this.command.stopSeconds * 1000, undefined, { signal }).catch(() => {});
    await Promise.race([this.exited, deadline]);
    given.abort();
    this.killGroup();
    return this.exited;
  }

  private killGroup(): void {
    try {
      process.kill(-this.identity.pid, 'SIGKILL');
    } catch {
      // Nobody is left in the group.
    }
  }
}
