import { existsSync } from 'node:fs';
import path from 'node:path';
import { TASK_QUEUES } from '../../schemas/names';
import { built, CHECKOUT } from './checkout';
import { LocalRuntimeError } from './localRuntimeError';
import { HOST } from './ports';
import type { StateDirectory } from './stateDirectory';
import type { Part } from './supervisedPart';

/** Our own entry, run by this Node. @throws {LocalRuntimeError} TOOL_MISSING when it is not built */
function nodeEntry(entry: string): { command: string; script: string } {
  const script = built(entry);
  if (existsSync(script)) return { command: process.execPath, script };
  throw new LocalRuntimeError('TOOL_MISSING', `${script} is not built`, 'run `npm run build`');
}

/**
 * Settings of the dev server, each measured (docs/reference): a write-ahead log, where the default rewrites the
 * journal at each commit; one partition a task queue, since one matching process serves all; less garbage collection.
 */
const SQLITE_PRAGMAS = ['journal_mode=wal', 'synchronous=1'];
const DYNAMIC_CONFIGURATION = [
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'system.enableActivityEagerExecution=true',
];

export function temporalPart(binary: string, port: number, state: StateDirectory): Part {
  return {
    name: 'temporal',
    command: binary,
    args: [
      'server',
      'start-dev',
      '--headless',
      '--log-level=warn',
      `--ip=${HOST}`,
      `--port=${port}`,
      `--db-filename=${state.file('temporal.db')}`,
      ...SQLITE_PRAGMAS.map((pragma) => `--sqlite-pragma=${pragma}`),
      ...DYNAMIC_CONFIGURATION.map((value) => `--dynamic-config-value=${value}`),
    ],
    env: { ...process.env, GOGC: '400' },
    cwd: state.root,
    log: state.log('temporal'),
    ready: { kind: 'line', pattern: /^Temporal Server:/ },
    stopSeconds: 10,
  };
}

export function s3Part(binary: string, port: number, region: string, state: StateDirectory): Part {
  const { accessKey, secretKey } = state.credentials();
  return {
    name: 's3',
    command: binary,
    // Without it each request has to open a connection of its own.
    args: ['--port', `${HOST}:${port}`, '--region', region, '--keep-alive', 'posix', state.file('buckets')],
    env: { ...process.env, ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
    cwd: state.root,
    log: state.log('s3'),
    ready: { kind: 'port', port },
    stopSeconds: 10,
  };
}

export function simulatorPart(port: number, state: StateDirectory): Part {
  const { command, script } = nodeEntry('simulator/main.js');
  return {
    name: 'simulator',
    command,
    args: [script, '--port', String(port)],
    env: process.env,
    cwd: state.root,
    log: state.log('simulator'),
    ready: { kind: 'event' },
    stopSeconds: 5,
  };
}

/** One worker process and the task queues it serves. */
export interface WorkerProcess {
  name: string;
  queues: readonly string[];
}

/** All queues in one process: on a laptop the second copy of the libraries costs more than it isolates. */
export const ALL_IN_ONE: readonly WorkerProcess[] = [{ name: 'workers', queues: Object.values(TASK_QUEUES) }];

/** Prompts and answers die young: with Node's 16 MiB many are copied before they do, which costs a tenth of the time. */
const SEMI_SPACE_MIB = 64;

/** A worker says `{"event":"ready"}` on standard output once it polls all its queues. */
export function workerPart(
  worker: WorkerProcess,
  environment: NodeJS.ProcessEnv,
  state: StateDirectory,
): Part {
  const { command, script } = nodeEntry('workers/main.js');
  const pythonPath = [path.join(CHECKOUT, 'trainer/src'), environment.PYTHONPATH]
    .filter(Boolean)
    .join(path.delimiter);
  return {
    name: worker.name,
    command,
    args: [`--max-semi-space-size=${SEMI_SPACE_MIB}`, script, '--queues', worker.queues.join(',')],
    env: { PI_LOOP_SCRATCH: state.file('scratch'), ...environment, PYTHONPATH: pythonPath },
    // Campaign files name files relative to where the campaign was started.
    cwd: process.cwd(),
    log: state.log(worker.name),
    ready: { kind: 'event' },
    // Activities get the worker's own grace first: a trainer saves a checkpoint, an episode its turns.
    stopSeconds: 30,
  };
}
