import { join } from 'node:path';
import type { ArtifactStoreOptions } from '../../artifacts/createS3Client';
import { built } from '../../deploy/local/checkout';
import { s3Part, simulatorPart, temporalPart, workerPart } from '../../deploy/local/parts';
import { choosePort, HOST } from '../../deploy/local/ports';
import type { StateDirectory } from '../../deploy/local/stateDirectory';
import type { Part } from '../../deploy/local/supervisedPart';
import { requireTool } from '../../deploy/local/tools';
import { TASK_QUEUES, type TaskQueue } from '../../schemas/names';
import type { CallLedger } from '../calls';
import { movableClock, moveClock } from './movedClock';
import { type Peer, SERVERS, type ServerName, type WorkerName, WORKERS } from '../plan';
import { type Build, BUILDS, makeBuild, workerScript } from './builds';
import { Connections } from './connections';
import { ControlledPart, type Interval } from './controlledPart';

const REGION = 'us-east-1';

/** So few that neither of the two workers can take all the work, and whichever is struck has some. */
const DIALOGUE_SLOTS = '16';

const QUEUES: Record<WorkerName, readonly TaskQueue[]> = {
  'dialogue-1': [TASK_QUEUES.dialogue],
  'dialogue-2': [TASK_QUEUES.dialogue],
  orchestration: [TASK_QUEUES.orchestration, TASK_QUEUES.general],
  'gpu-train': [TASK_QUEUES.gpuTrain],
  'gpu-serve': [TASK_QUEUES.gpuServe],
};

/** How a worker differs from what it usually is. */
export interface Variation {
  /** Added to what it takes for the time. */
  clockShiftMs?: number;
  /** Longest file that it can write. */
  fileBytes?: number;
}

/** When a worker left, from being asked to until it was gone. */
export type Left = { worker: WorkerName } & Interval;

export interface ChaosSystemOptions {
  state: StateDirectory;
  seed: number;
  ledger: CallLedger;
}

/** Temporal, S3, the simulator and a worker process for each kind of work, each of which can be struck by itself. */
export class ChaosSystem {
  /** Bucket of the campaign that runs; workers started from now on use it. */
  bucket = 'chaos';
  private build: Build = BUILDS[0];
  private readonly variations = new Map<WorkerName, Variation>();
  private readonly servers = new Map<ServerName, ControlledPart>();
  private readonly workers = new Map<WorkerName, ControlledPart>();
  private readonly connections = new Map<WorkerName, Connections>();
  /** When each worker was last answered by S3 or a provider, as of `performance.now()`. */
  private readonly lastAnswer = new Map<WorkerName, number>();

  private constructor(
    private readonly state: StateDirectory,
    private readonly ports: Record<ServerName, number>,
  ) {
    const makers: Record<ServerName, () => Part> = {
      temporal: () => temporalPart(requireTool('temporal'), ports.temporal, state),
      s3: () => s3Part(requireTool('versitygw'), ports.s3, REGION, state),
      simulator: () => simulatorPart(ports.simulator, state),
    };
    for (const name of SERVERS) this.servers.set(name, new ControlledPart(name, makers[name]));
    for (const name of WORKERS)
      this.workers.set(name, new ControlledPart(name, () => this.describeWorker(name)));
  }

  static async start({ state, seed, ledger }: ChaosSystemOptions): Promise<ChaosSystem> {
    for (const build of BUILDS) makeBuild(state.file('builds'), build);
    const system = new ChaosSystem(state, await choosePorts());
    await Promise.all(SERVERS.map((name) => system.part(name).start()));
    await system.connect(seed, ledger);
    return system;
  }

  /** Starts the workers, or replaces them, all at once. */
  async startWorkers(): Promise<void> {
    await Promise.all(WORKERS.map((worker) => this.part(worker).replace()));
  }

  /** Replaces all workers by those of the other build, one after the other. */
  async deploy(): Promise<Left[]> {
    this.build = this.build === BUILDS[0] ? BUILDS[1] : BUILDS[0];
    const left: Left[] = [];
    for (const worker of WORKERS) left.push({ worker, ...(await this.part(worker).replace()) });
    return left;
  }

  /** Replaces a worker by one that differs so from what it usually is. */
  async vary(worker: WorkerName, variation: Variation): Promise<Left> {
    this.variations.set(worker, variation);
    return { worker, ...(await this.part(worker).replace()) };
  }

  part(name: ServerName | WorkerName): ControlledPart {
    const part = this.servers.get(name as ServerName) ?? this.workers.get(name as WorkerName);
    if (!part) throw new Error(`there is no part "${name}"`);
    return part;
  }

  connectionsOf(worker: WorkerName): Connections {
    const connections = this.connections.get(worker);
    if (!connections) throw new Error(`worker "${worker}" has no connections`);
    return connections;
  }

  answeredLast(workers: readonly WorkerName[]): number {
    return Math.max(...workers.map((worker) => this.lastAnswer.get(worker) ?? 0));
  }

  /** What ended though nobody had ended it. */
  get deaths(): string[] {
    return [...this.servers.values(), ...this.workers.values()].flatMap(({ deaths }) => deaths);
  }

  /** What a person's command line has in its environment: direct ways to the servers. */
  get environment() {
    const { temporal, s3, simulator } = this.ports;
    return {
      TEMPORAL_ADDRESS: `${HOST}:${temporal}`,
      S3_ENDPOINT: `http://${HOST}:${s3}`,
      S3_BUCKET: this.bucket,
      PI_LOOP_SIMULATOR_URL: `http://${HOST}:${simulator}/v1`,
      ...this.credentials,
    };
  }

  get storeOptions(): Omit<ArtifactStoreOptions, 'bucket'> {
    const { accessKey: accessKeyId, secretKey: secretAccessKey } = this.state.credentials();
    const credentials = { accessKeyId, secretAccessKey };
    return { endpoint: this.environment.S3_ENDPOINT, region: REGION, credentials };
  }

  async close(): Promise<void> {
    await Promise.all([...this.workers.values()].map((part) => part.stop()));
    await Promise.all([...this.servers.values()].map((part) => part.stop()));
    for (const connections of this.connections.values()) await connections.close();
  }

  private async connect(seed: number, ledger: CallLedger): Promise<void> {
    const { temporal, s3, simulator: provider } = this.ports;
    const ports: Record<Peer, number> = { temporal, s3, provider };
    for (const worker of WORKERS) {
      const connections = await Connections.open(ports, seed, (peer, exchange) => {
        this.lastAnswer.set(worker, exchange.answeredAt);
        if (peer === 'provider') ledger.record(worker, exchange);
      });
      this.connections.set(worker, connections);
    }
  }

  private describeWorker(name: WorkerName): Part {
    const variation = this.variations.get(name) ?? {};
    const environment = {
      ...process.env,
      ...this.connectionsOf(name).environment,
      ...this.credentials,
      ...clockVariables(variation, this.state.file(`clock-${name}`)),
      S3_BUCKET: this.bucket,
      PI_LOOP_SCRATCH: this.state.file(join('scratch', name)),
      PI_LOOP_TRAINER_PYTHON: requireTool('trainerPython'),
      PI_LOOP_COMMIT: `chaos-${this.build}`,
      OMP_NUM_THREADS: '1',
      PI_LOOP_DIALOGUE_SLOTS: DIALOGUE_SLOTS,
    };
    const part = workerPart({ name, queues: QUEUES[name] }, environment, this.state);
    const ours = workerScript(this.state.file('builds'), this.build);
    const args = part.args.map((argument) => (argument === built('workers/main.js') ? ours : argument));
    return limited({ ...part, args }, variation);
  }

  private get credentials(): Record<string, string> {
    const { accessKey, secretKey } = this.state.credentials();
    return { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
  }
}

function clockVariables({ clockShiftMs }: Variation, file: string): Record<string, string> {
  if (clockShiftMs === undefined) return {};
  const variables = movableClock(file);
  moveClock(file, clockShiftMs);
  return variables;
}

/** What may not be written beyond so many bytes a file: like a full disk, and possible everywhere. */
function limited(part: Part, { fileBytes }: Variation): Part {
  if (fileBytes === undefined) return part;
  const script = `trap '' XFSZ; ulimit -f ${Math.floor(fileBytes / 512)}; exec "$@"`;
  return { ...part, command: '/bin/sh', args: ['-c', script, 'sh', part.command, ...part.args] };
}

async function choosePorts(): Promise<Record<ServerName, number>> {
  const promised = new Set<number>();
  const choose = async (part: ServerName, preferred: number) => {
    const port = await choosePort({ part, preferred, promised });
    promised.add(port);
    return port;
  };
  return {
    temporal: await choose('temporal', 27_233),
    s3: await choose('s3', 27_070),
    simulator: await choose('simulator', 27_170),
  };
}
