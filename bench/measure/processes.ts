import { readdirSync, readFileSync } from 'node:fs';

/** Linux reports CPU time in ticks of a hundredth of a second, whatever the kernel's own are. */
const TICK_MS = 10;

interface ProcessStat {
  pid: number;
  parent: number;
  name: string;
  cpuMs: number;
  residentBytes: number;
}

/** What a program and all below it have used so far. */
export interface ProcessUse {
  /** User and system time, that of children that have ended included. */
  cpuMs: number;
  residentBytes: number;
}

/** @param root a program's process id: the guard that it runs under, or itself */
export function useOf(root: number): ProcessUse {
  const members = treeOf(root);
  return {
    cpuMs: members.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    residentBytes: members.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}

/** The program that a guard runs, apart from the guard's own shells. @param guard its process id */
export function programUnder(guard: number): number {
  const [leader, ...below] = treeOf(guard);
  const program = below.find(({ parent, name }) => parent === guard && name !== leader?.name);
  if (!program) throw new Error(`nothing runs under process ${guard}`);
  return program.pid;
}

/** Processes below one whose command line holds all the words. */
export function programsBelow(root: number, words: readonly string[]): number[] {
  return treeOf(root)
    .filter(({ pid }) => words.every((word) => commandOf(pid).includes(word)))
    .map(({ pid }) => pid);
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It ended while we looked.
    return [];
  }
}

function treeOf(root: number): ProcessStat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readStat(Number(pid)) ?? []);
  const below = (parent: number): ProcessStat[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

/** proc(5): the name, field 2, stands in parentheses and may hold any; what follows the last starts with field 3. */
function readStat(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const nameEnds = stat.lastIndexOf(')');
    const name = stat.slice(stat.indexOf('(') + 1, nameEnds);
    const fields = stat.slice(nameEnds + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    const ticks = field(14) + field(15) + field(16) + field(17);
    return {
      pid,
      parent: field(4),
      name,
      cpuMs: ticks * TICK_MS,
      residentBytes: field(24) * PAGE_BYTES,
    };
  } catch {
    // It ended while we looked.
    return undefined;
  }
}

const PAGE_BYTES = 4096;
