import { execFileSync } from 'node:child_process';

export interface ListedProcess {
  pid: number;
  group: number;
  command: string;
}

/** All processes of this machine that the text occurs in the command line of, as they are now. */
export function processesNaming(text: string): ListedProcess[] {
  const listing = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,pgid=,args='], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  return listing.split('\n').flatMap((row) => {
    const [, pid, group, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? [];
    return command?.includes(text) ? [{ pid: Number(pid), group: Number(group), command }] : [];
  });
}

/** Sends a signal to a process, or to a group by its negative id. @returns whether there was one */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
