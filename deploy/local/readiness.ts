import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { GuardedProcess } from './guardedProcess';
import { LocalRuntimeError } from './localRuntimeError';
import { HOST } from './ports';

/** How a program says that it is ready. */
export type ReadySign =
  /** A line of its output matches. */
  | { kind: 'line'; pattern: RegExp }
  /** A line of its output is the JSON object `{"event":"ready", …}`. */
  | { kind: 'event' }
  /** It listens on this port of 127.0.0.1. */
  | { kind: 'port'; port: number };

/** Milliseconds between looks. */
const INTERVAL = 50;
/** Bytes of the log shown when a program fails. */
const SHOWN_LOG = 2000;

const ReadyEvent = z.looseObject({ event: z.literal('ready') });

function isReadyEvent(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    return ReadyEvent.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST });
    const settle = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}

/** What a run has written so far; at most its last megabyte. */
async function outputOf({ command, logStart }: GuardedProcess): Promise<string> {
  const file = await open(command.log, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(logStart, size - 1_000_000);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.max(0, size - start)),
      0,
      size - start,
      start,
    );
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function showsSign(running: GuardedProcess, sign: ReadySign): Promise<boolean> {
  if (sign.kind === 'port') return isListening(sign.port);
  const whole = (await outputOf(running)).split('\n').slice(0, -1);
  return whole.some(sign.kind === 'line' ? (line) => sign.pattern.test(line) : isReadyEvent);
}

/** A failure of a part, with the end of what it wrote. */
export async function partFailed(running: GuardedProcess, what: string): Promise<LocalRuntimeError> {
  const { name, log } = running.command;
  const tail = (await outputOf(running).catch(() => '')).slice(-SHOWN_LOG).trim();
  return new LocalRuntimeError(
    'PART_FAILED',
    `${name} ${what}${tail && `:\n${tail}`}`,
    `its whole log: ${log}`,
  );
}

/**
 * Waits until the program shows the sign.
 * @param seconds the longest to wait
 * @throws {LocalRuntimeError} PART_FAILED when it ends or the time is up; the program is then still to be stopped
 */
export async function untilReady(running: GuardedProcess, sign: ReadySign, seconds: number): Promise<void> {
  let end: string | undefined;
  void running.exited.then(({ code, signal }) => {
    end = `ended before it was ready (${signal ?? `status ${code}`})`;
  });
  const deadline = performance.now() + seconds * 1000;
  // The end is looked at first: another program may be what listens on the port.
  while (end === undefined) {
    if ((await showsSign(running, sign)) && end === undefined) return;
    if (performance.now() > deadline) throw await partFailed(running, `was not ready within ${seconds} s`);
    await sleep(INTERVAL);
  }
  throw await partFailed(running, end);
}
