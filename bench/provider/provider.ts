import { built } from '../../deploy/local/checkout';
import { GuardedProcess } from '../../deploy/local/guardedProcess';
import { choosePort, HOST } from '../../deploy/local/ports';
import { untilReady } from '../../deploy/local/readiness';
import type { StateDirectory } from '../../deploy/local/stateDirectory';
import { COUNTS_PATH, type ProviderCounts, type ProviderOptions } from './server';

const PREFERRED_PORT = 17_900;
const READY_SECONDS = 30;

/** The provider in a process of its own. */
export class Provider {
  private constructor(
    private readonly process: GuardedProcess,
    /** Without a path: the first part of the path says who is asked. */
    readonly address: string,
  ) {}

  static async start(
    { latencyMs, countRepeated }: ProviderOptions,
    state: StateDirectory,
  ): Promise<Provider> {
    const port = await choosePort({ part: 'provider', preferred: PREFERRED_PORT, promised: new Set() });
    const settings = ['--port', String(port), '--latency', String(latencyMs)];
    if (countRepeated) settings.push('--count-repeated');
    const running = await GuardedProcess.start({
      name: 'provider',
      command: process.execPath,
      args: [built('bench/provider/main.js'), ...settings],
      env: process.env,
      cwd: state.root,
      log: state.log('provider'),
      stopSeconds: 5,
    });
    await untilReady(running, { kind: 'event' }, READY_SECONDS);
    return new Provider(running, `http://${HOST}:${port}`);
  }

  get pid(): number {
    return this.process.identity.pid;
  }

  async counts(): Promise<ProviderCounts> {
    const answer = await fetch(`${this.address}${COUNTS_PATH}`);
    return (await answer.json()) as ProviderCounts;
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}
