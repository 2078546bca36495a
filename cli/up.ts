import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { LocalRuntimeError } from '../deploy/local/localRuntimeError';
import { startLocalRuntime } from '../deploy/local/localRuntime';
import type { LocalRuntime } from '../deploy/local/runtimeTypes';
import { DEFAULT_STATE_DIRECTORY } from '../deploy/local/stateDirectory';
import { describeParts } from './describeParts';
import { upDetached } from './upDetached';

interface UpOptions {
  state: string;
  temporalPort?: number;
  s3Port?: number;
  simulatorPort?: number;
  workers: boolean;
  detach?: boolean;
}

const print = (line: string) => void process.stdout.write(`${line}\n`);
const printError = (line: string) => void process.stderr.write(`${line}\n`);

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new InvalidArgumentError('expected a port, 1..65535');
}

/** Adds `pi-loop up`. */
export function registerUp(program: Command): void {
  program
    .command('up')
    .description('start the local runtime: Temporal, S3, simulator, workers; keep it until Ctrl-C')
    .option('--state <dir>', 'folder of its database, buckets and logs', DEFAULT_STATE_DIRECTORY)
    .option('--detach', 'return as soon as it is ready and leave it running; `pi-loop down` ends it')
    .option('--temporal-port <port>', "Temporal's port (default 7233, or the next free one)", parsePort)
    .option('--s3-port <port>', "S3's port (default 7070, or the next free one)", parsePort)
    .option('--simulator-port <port>', "the simulator's port (default 7071, or the next free one)", parsePort)
    .option('--no-workers', 'start no workers, to run them by hand')
    .action(async (options: UpOptions) => {
      try {
        process.exitCode =
          options.detach === true ? await upDetached(options.state) : await upAttached(options);
      } catch (error) {
        process.exitCode = reportFailure(error);
      }
    });
}

function reportFailure(error: unknown): number {
  if (!(error instanceof LocalRuntimeError)) throw error;
  if (error.code === 'START_CANCELLED') return 130;
  printError(`${error.code}: ${error.message}\n→ ${error.hint}`);
  return 1;
}

async function upAttached(options: UpOptions): Promise<number> {
  const signals = listenToSignals();
  const runtime = await startLocalRuntime({
    stateDirectory: options.state,
    ports: { temporal: options.temporalPort, s3: options.s3Port, simulator: options.simulatorPort },
    ...(!options.workers && { workers: [] }),
    onEvent: ({ part, kind, message }) =>
      printError(`${clock()} ${part} ${kind === 'failed' ? 'FAILED: ' : ''}${message}`),
    signal: signals.stop,
  });
  if (runtime.attached) {
    print(`already running under ${path.resolve(options.state)}:`);
    print(describeParts(runtime.record));
    return 0;
  }
  print(describeParts(runtime.record));
  print('running; Ctrl-C stops it');
  return keepUntilStopped(runtime, signals);
}

async function keepUntilStopped(
  runtime: LocalRuntime,
  signals: ReturnType<typeof listenToSignals>,
): Promise<number> {
  const asked = new Promise<undefined>((resolve) => {
    if (signals.stop.aborted) resolve(undefined);
    signals.stop.addEventListener('abort', () => resolve(undefined));
  });
  const failure = await Promise.race([asked, runtime.failed]);
  await runtime.stop(signals.force);
  if (failure === undefined) return 0;
  return reportFailure(failure);
}

/** The first Ctrl-C or SIGTERM asks for an orderly end, the second one for an immediate one. */
function listenToSignals(): { stop: AbortSignal; force: AbortSignal } {
  const stop = new AbortController();
  const force = new AbortController();
  const heard = () => {
    if (stop.signal.aborted) force.abort();
    else printError(`${clock()} stopping; once more to kill`);
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, heard);
  return { stop: stop.signal, force: force.signal };
}

const clock = () => new Date().toTimeString().slice(0, 8);
