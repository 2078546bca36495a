import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isRunning, type ProcessIdentity } from '../../deploy/shared/processIdentity.cjs';

/** All processes below one, however deep, as they are now. */
export function descendantsOf(pid: number): ProcessIdentity[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid).flatMap((child) => identityOf(child) ?? []);
}

/** The command lines of all processes below one; those that end meanwhile are left out. */
export function commandsBelow(pid: number): { pid: number; command: string }[] {
  const listing = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' });
  const commands = new Map(
    listing
      .trim()
      .split('\n')
      .map((row) => row.trim())
      .map((row) => [Number(row.split(' ', 1)[0]), row.slice(row.indexOf(' ') + 1).trim()] as const),
  );
  return descendantsOf(pid).flatMap((child) => {
    const command = commands.get(child.pid);
    return command === undefined ? [] : [{ pid: child.pid, command }];
  });
}

/** Waits until the condition holds, for things that no event tells. @throws after `seconds` */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 120,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`still not so after ${seconds} s: ${what}`);
    await sleep(20);
  }
}

/** Waits until none of the processes runs any more. */
export async function untilGone(processes: readonly ProcessIdentity[]): Promise<void> {
  await until('all processes are gone', () => !processes.some(isRunning));
}
