import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArtifactStore } from '../../artifacts/artifactStore';
import { built } from '../../deploy/local/checkout';
import { GuardedProcess } from '../../deploy/local/guardedProcess';
import { s3Part } from '../../deploy/local/parts';
import { choosePort, HOST } from '../../deploy/local/ports';
import { untilReady } from '../../deploy/local/readiness';
import { StateDirectory } from '../../deploy/local/stateDirectory';
import { requireTool } from '../../deploy/local/tools';

export interface CallerOptions {
  campaigns: readonly string[];
  provider: string;
  requestsPerMinute: number;
  atOnce: number;
  clockAheadMs: number;
}

const REGION = 'us-east-1';
const PREFERRED_PORT = 17_950;
const READY_SECONDS = 60;

/** Worker processes over one S3 server: all that they know of each other. */
export class Hosts {
  private readonly callers: GuardedProcess[] = [];

  private constructor(
    private readonly state: StateDirectory,
    private readonly s3: GuardedProcess,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(): Promise<Hosts> {
    const state = new StateDirectory(mkdtempSync(join(tmpdir(), 'pi-loop-bench-')));
    state.prepare();
    const port = await choosePort({ part: 's3', preferred: PREFERRED_PORT, promised: new Set() });
    const part = s3Part(requireTool('versitygw'), port, REGION, state);
    const s3 = await GuardedProcess.start(part);
    await untilReady(s3, part.ready, READY_SECONDS);
    const { accessKey, secretKey } = state.credentials();
    const endpoint = `http://${HOST}:${port}`;
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const store = new ArtifactStore({ endpoint, region: REGION, bucket: 'pi-loop', credentials });
    await store.prepare();
    store.close();
    return new Hosts(state, s3, {
      S3_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: secretKey,
    });
  }

  async startCaller(options: CallerOptions): Promise<void> {
    const name = `caller-${this.callers.length + 1}`;
    const settings = {
      provider: options.provider,
      campaigns: options.campaigns.join(','),
      'at-once': options.atOnce,
      'requests-per-minute': options.requestsPerMinute,
      'clock-ahead-ms': options.clockAheadMs,
    };
    const caller = await GuardedProcess.start({
      name,
      command: process.execPath,
      args: [
        built('bench/limits/caller.js'),
        ...Object.entries(settings).map(([key, value]) => `--${key}=${value}`),
      ],
      env: { ...process.env, ...this.environment },
      cwd: this.state.root,
      log: this.state.log(name),
      stopSeconds: 1,
    });
    this.callers.push(caller);
    await untilReady(caller, { kind: 'event' }, READY_SECONDS);
  }

  async stop(): Promise<void> {
    await Promise.all(this.callers.map((caller) => caller.stop()));
    await this.s3.stop();
    rmSync(this.state.root, { recursive: true, force: true });
  }
}
