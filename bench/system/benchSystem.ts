import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { Campaign } from '../../client/campaign';
import { built } from '../../deploy/local/checkout';
import { type LocalRuntime, startLocalRuntime } from '../../deploy/local/localRuntime';
import { ALL_IN_ONE, type WorkerProcess } from '../../deploy/local/parts';
import { StateDirectory } from '../../deploy/local/stateDirectory';
import type { PartEvent } from '../../deploy/local/supervisedPart';
import { writeTrainingCampaign } from '../campaign/trainingCampaign';
import { type BenchCampaign, writeCampaign } from '../campaign/writeCampaign';
import { type ProcessUse, programsBelow, programUnder, useOf } from '../measure/processes';
import { Provider } from '../provider/provider';
import type { ProviderOptions } from '../provider/server';

export interface SystemOptions {
  provider: ProviderOptions;
  /** Conversations at once in a worker process. */
  slots: number;
  /** Default: as `pi-loop up` runs them. */
  workers?: readonly WorkerProcess[];
  onEvent?: (event: PartEvent) => void;
}

const run = promisify(execFile);

/** The local runtime as `pi-loop up` starts it, in a folder of its own, with a provider of fixed latency for all models. */
export class BenchSystem {
  private constructor(
    readonly state: StateDirectory,
    readonly provider: Provider,
    readonly runtime: LocalRuntime,
    private readonly connection: Connection,
    private readonly workers: readonly WorkerProcess[],
  ) {}

  static async start(options: SystemOptions): Promise<BenchSystem> {
    const { slots, workers, onEvent } = options;
    const state = new StateDirectory(mkdtempSync(join(tmpdir(), 'pi-loop-bench-')));
    state.prepare();
    const provider = await Provider.start(options.provider, state);
    const runtime = await startLocalRuntime({
      stateDirectory: state.root,
      // The provider stands in for the simulator, which would only take memory here.
      environment: {
        ...process.env,
        PI_LOOP_SIMULATOR_URL: provider.address,
        PI_LOOP_DIALOGUE_SLOTS: String(slots),
      },
      ...(workers && { workers }),
      ...(onEvent && { onEvent }),
    });
    const connection = await Connection.connect({ address: runtime.environment['TEMPORAL_ADDRESS'] ?? '' });
    return new BenchSystem(state, provider, runtime, connection, workers ?? ALL_IN_ONE);
  }

  get client(): Client {
    return new Client({ connection: this.connection });
  }

  /** Starts a campaign as a user does. */
  async startCampaign(campaign: Omit<BenchCampaign, 'provider'>): Promise<Campaign> {
    const file = writeCampaign(this.state.file(campaign.name), {
      ...campaign,
      provider: this.provider.address,
    });
    await this.pi('start', file);
    return new Campaign(this.client, campaign.name);
  }

  /** Starts a campaign that trains a policy and has it play. */
  async startTraining(name: string): Promise<Campaign> {
    await this.pi('start', writeTrainingCampaign(this.state.file(name), name, this.provider.address));
    return new Campaign(this.client, name);
  }

  /** Runs `pi-loop`. @returns what it prints */
  async pi(...args: string[]): Promise<string> {
    const { stdout } = await run(
      process.execPath,
      [built('cli/main.js'), ...args, '--state', this.state.root],
      {
        cwd: this.state.root,
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return stdout;
  }

  /** What a part, its children included, has used since it was started last. */
  use(part: string): ProcessUse {
    return useOf(this.guardOf(part));
  }

  /** Ends a part as a power cut does; the runtime starts it again. */
  kill(part: string): void {
    process.kill(programUnder(this.guardOf(part)), 'SIGKILL');
  }

  /** CPU time of everything that makes an episode, the provider left out, in milliseconds. */
  cpuMs(): { workers: number; temporal: number; s3: number } {
    return {
      workers: this.workers.reduce((sum, { name }) => sum + this.use(name).cpuMs, 0),
      temporal: this.use('temporal').cpuMs,
      s3: this.use('s3').cpuMs,
    };
  }

  /** Ends the programs that a part has started and whose command line holds all the words. */
  killBelow(part: string, words: readonly string[]): void {
    const programs = programsBelow(this.guardOf(part), words);
    if (programs.length === 0) throw new Error(`part "${part}" runs no ${words.join(' ')}`);
    for (const program of programs) process.kill(program, 'SIGKILL');
  }

  private guardOf(part: string): number {
    const found = this.runtime.record.parts.find(({ name }) => name === part)?.process;
    if (!found) throw new Error(`part "${part}" does not run`);
    return found.pid;
  }

  async stop(): Promise<void> {
    await this.connection.close();
    await this.runtime.stop();
    await this.provider.stop();
    rmSync(this.state.root, { recursive: true, force: true });
  }
}
