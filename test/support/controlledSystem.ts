import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { built } from '../../deploy/local/checkout';
import { GuardedProcess } from '../../deploy/local/guardedProcess';
import { type LocalRuntime, startLocalRuntime } from '../../deploy/local/localRuntime';
import { ALL_IN_ONE, s3Part, simulatorPart, workerPart } from '../../deploy/local/parts';
import { choosePort, HOST } from '../../deploy/local/ports';
import { untilReady } from '../../deploy/local/readiness';
import { StateDirectory } from '../../deploy/local/stateDirectory';
import type { Part } from '../../deploy/local/supervisedPart';
import { requireTool } from '../../deploy/local/tools';

const REGION = 'us-east-1';
/**
 * A port that is free while its server is stopped must not be taken by another test meanwhile: each process of jest looks
 * from elsewhere, below the ports that connections get.
 */
const OWN_PORTS = 20_000 + 2 * (process.pid % 5_000);
const READY_SECONDS = 60;

/** What a command of the command line left behind. */
export interface Ran {
  code: number;
  output: string;
  errors: string;
}

/**
 * Temporal and the simulator as `pi-loop up` runs them; an S3 server, workers and further simulators which a test starts,
 * stops and misconfigures as it likes. Every process ends with the test.
 */
export class ControlledSystem {
  private readonly running = new Map<string, GuardedProcess>();

  private constructor(
    readonly state: StateDirectory,
    private readonly runtime: LocalRuntime,
    private readonly s3Port: number,
  ) {}

  static async start(): Promise<ControlledSystem> {
    const state = new StateDirectory(mkdtempSync(join(tmpdir(), 'pi-loop-faults-')));
    state.prepare();
    const s3Port = await choosePort({
      part: 's3',
      explicit: undefined,
      preferred: OWN_PORTS,
      promised: new Set(),
    });
    const environment = { ...process.env, ...s3Variables(state, s3Port) };
    const runtime = await startLocalRuntime({ stateDirectory: state.root, workers: [], environment });
    return new ControlledSystem(state, runtime, s3Port);
  }

  async close(): Promise<void> {
    for (const name of ['workers', ...this.running.keys()]) await this.stop(name);
    await this.runtime.stop();
    rmSync(this.state.root, { recursive: true, force: true });
  }

  /** What users and workers have in their environment. */
  get environment(): Record<string, string | undefined> {
    return { ...process.env, ...this.runtime.environment, ...s3Variables(this.state, this.s3Port) };
  }

  /** Starts the S3 server unless it runs. */
  async startStore(): Promise<void> {
    if (this.running.has('s3')) return;
    return this.run(s3Part(requireTool('versitygw'), this.s3Port, REGION, this.state));
  }

  /** Workers of all queues, with further or other variables. @param wrap a shell's words to put before the command */
  startWorkers(variables: Record<string, string> = {}, wrap: readonly string[] = []): Promise<void> {
    const [all] = ALL_IN_ONE;
    if (!all) throw new Error('there is no worker');
    const part = workerPart(all, { ...this.environment, ...variables }, this.state);
    return this.run(wrapped(part, wrap));
  }

  /** A simulator that asks for a key. @returns its base URL */
  async startKeyedSimulator(key: string): Promise<string> {
    const name = 'keyed-simulator';
    const port = await choosePort({
      part: name,
      explicit: undefined,
      preferred: OWN_PORTS + 1,
      promised: new Set(),
    });
    const part = simulatorPart(port, this.state);
    const env = { ...process.env, PI_LOOP_SIMULATOR_API_KEY: key };
    await this.run({ ...part, name, env, log: this.state.log(name) });
    return `http://${HOST}:${port}/v1`;
  }

  /** Ends a part politely. */
  async stop(name: string): Promise<void> {
    await this.running.get(name)?.stop();
    this.running.delete(name);
  }

  /** Ends a part at once, as kill -9 does. */
  async kill(name: string): Promise<void> {
    await this.running.get(name)?.stop(AbortSignal.abort());
    this.running.delete(name);
  }

  log(name: string): string {
    return readFileSync(this.state.log(name), 'utf8');
  }

  /** Runs `pi-loop` as a user does. */
  pi(...args: string[]): Promise<Ran> {
    return runCommandLine(args, this.environment, this.state.root);
  }

  campaignFile(name: string, original: string, change: (spec: Spec) => void): string {
    return writeCampaignFile(this.state.root, name, original, change);
  }

  private async run(part: Part): Promise<void> {
    await this.stop(part.name);
    const process = await GuardedProcess.start(part);
    this.running.set(part.name, process);
    await untilReady(process, part.ready, READY_SECONDS);
  }
}

/** A campaign file's content before it is checked: tests write mistakes into it. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever YAML holds
export type Spec = Record<string, any>;

/** Writes a campaign file that differs from another one; the files that one names are named absolutely. */
export function writeCampaignFile(
  directory: string,
  name: string,
  original: string,
  change: (spec: Spec) => void,
): string {
  const spec = withAbsoluteFiles(parse(readFileSync(original, 'utf8')), dirname(original)) as Spec;
  spec['name'] = name;
  change(spec);
  const file = join(directory, `${name}.yaml`);
  writeFileSync(file, stringify(spec));
  return file;
}

export async function runCommandLine(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  directory: string,
): Promise<Ran> {
  const child = spawn(process.execPath, [built('cli/main.js'), ...args], {
    env: environment,
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (errors += data));
  const [code] = await once(child, 'close');
  return { code, output, errors };
}

function s3Variables(state: StateDirectory, port: number): Record<string, string> {
  const { accessKey, secretKey } = state.credentials();
  return {
    S3_ENDPOINT: `http://${HOST}:${port}`,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
  };
}

const wrapped = (part: Part, words: readonly string[]): Part => {
  const [command, ...before] = words;
  return command === undefined ? part : { ...part, command, args: [...before, part.command, ...part.args] };
};

function withAbsoluteFiles(value: unknown, folder: string): unknown {
  if (typeof value === 'string') return value.startsWith('../') ? resolve(folder, value) : value;
  if (Array.isArray(value)) return value.map((member) => withAbsoluteFiles(member, folder));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withAbsoluteFiles(member, folder)]),
  );
}
