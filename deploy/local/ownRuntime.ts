import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isRunning } from '../shared/processIdentity.cjs';
import { externalServices, type Server } from './externalServices';
import { LocalRuntimeError } from './localRuntimeError';
import { ALL_IN_ONE, s3Part, simulatorPart, temporalPart, workerPart } from './parts';
import { choosePort, HOST, isPortFree, PREFERRED_PORTS } from './ports';
import { credentialsFor } from './runtimeStatus';
import type { LocalRuntime, LocalRuntimeOptions } from './runtimeTypes';
import type { RuntimeRecord, StateDirectory } from './stateDirectory';
import { type Part, type PartEvent, SupervisedPart } from './supervisedPart';
import { findTool, requireTool } from './tools';

const REGION = 'us-east-1';
const NAMESPACE = 'default';
/** How often a server is started on another port when its port was taken between choosing and listening. */
const PORT_ATTEMPTS = 3;

/** How a server's address is written in the variable that leads to it. */
const ADDRESSES: Record<Server, (port: number) => string> = {
  temporal: (port) => `${HOST}:${port}`,
  s3: (port) => `http://${HOST}:${port}`,
  simulator: (port) => `http://${HOST}:${port}/v1`,
};

/** A local runtime whose parts are children of this process. */
export class OwnRuntime implements LocalRuntime {
  readonly attached = false;
  readonly failed: Promise<LocalRuntimeError>;
  private fail: (error: LocalRuntimeError) => void = () => {};
  private readonly servers = new Map<string, { part: SupervisedPart; address: string }>();
  private readonly workers: SupervisedPart[] = [];
  private readonly promised = new Set<number>();
  private readonly external: Partial<Record<Server, string>>;
  private readonly given: NodeJS.ProcessEnv;
  private readonly startedAt = new Date().toISOString();
  private readonly force = new AbortController();
  private phase: RuntimeRecord['phase'] = 'starting';
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly state: StateDirectory,
    private readonly options: LocalRuntimeOptions,
    private readonly release: () => void,
  ) {
    this.given = options.environment ?? process.env;
    this.external = externalServices(this.given);
    this.failed = new Promise((resolve) => {
      this.fail = resolve;
    });
  }

  /** @throws {LocalRuntimeError} the caller then stops what is started */
  async start(): Promise<void> {
    const cancel = () => void this.stop();
    this.options.signal?.addEventListener('abort', cancel);
    try {
      await endLeftovers(this.state.readRecord());
      this.save();
      await this.startServers();
      await this.startWorkers();
      this.phase = 'running';
      this.save();
    } catch (error) {
      this.refuseWhenCancelled();
      throw error;
    } finally {
      this.options.signal?.removeEventListener('abort', cancel);
    }
  }

  get environment(): Record<string, string> {
    return { ...this.publicEnvironment(), ...credentialsFor(this.record, this.state) };
  }

  get record(): RuntimeRecord {
    const supervisor = identityOf(process.pid) ?? { pid: process.pid, startedAt: 'unknown' };
    const own = [...this.servers.values(), ...this.workers.map((part) => ({ part, address: undefined }))];
    return {
      supervisor,
      phase: this.phase,
      startedAt: this.startedAt,
      parts: [
        ...Object.entries(this.external).map(([name, address]) => ({ name, address, restarts: 0 })),
        ...own.map(({ part, address }) => ({
          name: part.part.name,
          ...(address !== undefined && { address }),
          ...(part.identity && { process: part.identity }),
          log: part.part.log,
          restarts: part.restarts,
        })),
      ],
      environment: this.publicEnvironment(),
    };
  }

  stop(force?: AbortSignal): Promise<void> {
    if (force?.aborted) this.force.abort();
    force?.addEventListener('abort', () => this.force.abort());
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private async stopAll(): Promise<void> {
    this.phase = 'stopping';
    this.save();
    await Promise.all(this.workers.map((worker) => worker.stop(this.force.signal)));
    for (const name of ['simulator', 's3', 'temporal']) {
      await this.servers.get(name)?.part.stop(this.force.signal);
    }
    rmSync(this.state.file('runtime.json'), { force: true });
    this.release();
  }

  private async startServers(): Promise<void> {
    const starts = Object.entries({
      temporal: (port: number) => temporalPart(requireTool('temporal', this.given), port, this.state),
      s3: (port: number) => s3Part(requireTool('versitygw', this.given), port, REGION, this.state),
      simulator: (port: number) => simulatorPart(port, this.state),
    }).filter(([server]) => this.external[server as Server] === undefined);
    // All of them settle before a failure is reported, so that stopping afterwards meets no start under way.
    const outcomes = await Promise.allSettled(
      starts.map(([server, make]) => this.startServer(server as Server, make)),
    );
    throwFirst(outcomes);
  }

  private async startServer(server: Server, make: (port: number) => Part): Promise<void> {
    const explicit = this.options.ports?.[server];
    for (let attempt = 1; ; attempt += 1) {
      const wish = { part: server, explicit, preferred: PREFERRED_PORTS[server], promised: this.promised };
      const port = await choosePort(wish, (candidate) => this.reserve(server, candidate));
      try {
        this.refuseWhenCancelled();
        const part = this.supervise(make(port));
        this.servers.set(server, { part, address: ADDRESSES[server](port) });
        return await part.start();
      } catch (error) {
        const lostRace = explicit === undefined && attempt < PORT_ATTEMPTS && !(await isPortFree(port));
        if (!lostRace || this.phase !== 'starting') throw error;
      }
    }
  }

  /** Servers choose side by side: a port that one looks at is promised to it before another looks. */
  private async reserve(server: Server, port: number): Promise<boolean> {
    const wishes = Object.entries(this.options.ports ?? {});
    if (wishes.some(([other, wish]) => other !== server && wish === port)) return false;
    this.promised.add(port);
    return isPortFree(port);
  }

  private async startWorkers(): Promise<void> {
    this.refuseWhenCancelled();
    const make = this.options.workerPart ?? workerPart;
    const environment = { ...this.given, ...this.environment };
    for (const worker of this.options.workers ?? ALL_IN_ONE) {
      this.workers.push(this.supervise(make(worker, environment, this.state)));
    }
    throwFirst(await Promise.allSettled(this.workers.map((worker) => worker.start())));
  }

  private supervise(part: Part): SupervisedPart {
    this.state.setLargeLogAside(part.name);
    return new SupervisedPart(part, (event) => this.noted(event), this.fail);
  }

  private noted(event: PartEvent): void {
    if (this.phase === 'running') this.save();
    this.options.onEvent?.(event);
  }

  private save(): void {
    try {
      this.state.writeRecord(this.record);
    } catch {
      // Somebody removed the folder. The record only serves other processes, and the parts must still be stopped.
    }
  }

  private refuseWhenCancelled(): void {
    if (this.phase !== 'stopping') return;
    throw new LocalRuntimeError('START_CANCELLED', 'the start was called off', 'start again when you like');
  }

  private publicEnvironment(): Record<string, string> {
    const address = (server: Server) => this.external[server] ?? this.servers.get(server)?.address;
    const variables = {
      TEMPORAL_ADDRESS: address('temporal'),
      TEMPORAL_NAMESPACE: this.given['TEMPORAL_NAMESPACE'] ?? NAMESPACE,
      S3_ENDPOINT: address('s3'),
      S3_REGION: this.given['S3_REGION'] ?? REGION,
      PI_LOOP_SIMULATOR_URL: address('simulator'),
      PI_LOOP_TRAINER_PYTHON: findTool('trainerPython', this.given),
    };
    return Object.fromEntries(
      Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }
}

function throwFirst(outcomes: PromiseSettledResult<unknown>[]): void {
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/** Kills at once what a killed supervisor's guards have not ended yet, and waits until it is gone. */
export async function endLeftovers(record: RuntimeRecord | undefined): Promise<string[]> {
  const left = (record?.parts ?? []).flatMap((part) =>
    part.process === undefined ? [] : [{ ...part, identity: part.process }],
  );
  const alive = left.filter(({ identity }) => isRunning(identity));
  for (const { identity } of alive) {
    try {
      process.kill(-identity.pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  while (alive.some(({ identity }) => isRunning(identity))) await sleep(20);
  return alive.map(({ name }) => name);
}
