import { rmSync } from 'node:fs';
import { identityOf } from '../shared/processIdentity.cjs';
import { externalServices, type Server } from './externalServices';
import { endLeftovers } from './leftovers';
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
  private readonly servers = new Map<Server, SupervisedPart>();
  private readonly ports: Partial<Record<Server, number>> = {};
  private readonly workers: SupervisedPart[] = [];
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
    return {
      supervisor,
      phase: this.phase,
      startedAt: this.startedAt,
      parts: [
        ...Object.entries(this.external).map(([name, address]) => ({ name, address, restarts: 0 })),
        ...[...this.servers].map(([server, part]) => describe(part, this.address(server))),
        ...this.workers.map((part) => describe(part)),
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
    for (const name of ['simulator', 's3', 'temporal'] as const) {
      await this.servers.get(name)?.stop(this.force.signal);
    }
    rmSync(this.state.file('runtime.json'), { force: true });
    this.release();
  }

  private async startServers(): Promise<void> {
    const makers: Record<Server, (port: number) => Part> = {
      temporal: (port) => temporalPart(requireTool('temporal', this.given), port, this.state),
      s3: (port) => s3Part(requireTool('versitygw', this.given), port, REGION, this.state),
      simulator: (port) => simulatorPart(port, this.state),
    };
    const wanted = (Object.keys(makers) as Server[]).filter((server) => this.external[server] === undefined);
    // What can be refused is refused before anything is started.
    const parts: [Server, Part][] = [];
    for (const server of wanted) parts.push([server, makers[server](await this.choosePort(server))]);
    // All of them settle before a failure is reported, so that stopping afterwards meets no start under way.
    throwFirst(
      await Promise.allSettled(parts.map(([server, part]) => this.startServer(server, part, makers[server]))),
    );
  }

  private async startServer(server: Server, first: Part, make: (port: number) => Part): Promise<void> {
    let part = first;
    for (let attempt = 1; ; attempt += 1) {
      this.refuseWhenCancelled();
      const supervised = this.supervise(part);
      this.servers.set(server, supervised);
      try {
        return await supervised.start();
      } catch (error) {
        const mayMove = this.options.ports?.[server] === undefined && this.phase === 'starting';
        const lostPort = mayMove && attempt < PORT_ATTEMPTS && !(await isPortFree(this.ports[server] ?? 0));
        if (!lostPort) throw error;
        part = make(await this.choosePort(server));
      }
    }
  }

  /** Chosen for good: a part that is started again answers where it did. */
  private async choosePort(server: Server): Promise<number> {
    const { [server]: explicit, ...others } = this.options.ports ?? {};
    const promised = new Set(
      [...Object.values(this.ports), ...Object.values(others)].filter(
        (port): port is number => port !== undefined,
      ),
    );
    const port = await choosePort({ part: server, explicit, preferred: PREFERRED_PORTS[server], promised });
    this.ports[server] = port;
    return port;
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

  private address(server: Server): string | undefined {
    const port = this.ports[server];
    return this.external[server] ?? (port === undefined ? undefined : ADDRESSES[server](port));
  }

  private publicEnvironment(): Record<string, string> {
    const variables = {
      TEMPORAL_ADDRESS: this.address('temporal'),
      TEMPORAL_NAMESPACE: this.given['TEMPORAL_NAMESPACE'] ?? NAMESPACE,
      S3_ENDPOINT: this.address('s3'),
      S3_REGION: this.given['S3_REGION'] ?? REGION,
      PI_LOOP_SIGNING_KEY_FILE: this.given['PI_LOOP_SIGNING_KEY_FILE'] ?? this.state.file('signing-key.pem'),
      PI_LOOP_SIMULATOR_URL: this.address('simulator'),
      PI_LOOP_TRAINER_PYTHON: findTool('trainerPython', this.given),
    };
    return Object.fromEntries(
      Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }
}

function describe(supervised: SupervisedPart, address?: string): RuntimeRecord['parts'][number] {
  const { part, identity, restarts } = supervised;
  return {
    name: part.name,
    ...(address !== undefined && { address }),
    ...(identity && { process: identity }),
    log: part.log,
    restarts,
  };
}

function throwFirst(outcomes: PromiseSettledResult<unknown>[]): void {
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
