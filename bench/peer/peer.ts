import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHECKOUT } from '../../deploy/local/checkout';
import { GuardedProcess } from '../../deploy/local/guardedProcess';
import { untilReady } from '../../deploy/local/readiness';
import type { StateDirectory } from '../../deploy/local/stateDirectory';
import { writeProfiles } from '../campaign/writeCampaign';
import { useOf } from '../measure/processes';
import type { Provider } from '../provider/provider';

/** Importing the package takes seconds; on a loaded machine many. */
const READY_SECONDS = 120;
const SOURCES = join(CHECKOUT, 'bench', 'peer');

/** Nothing but the provider is asked for anything; its folder of data, in the user's home otherwise, is the bench's. */
const SETTINGS = { SOTOPIA_STORAGE_BACKEND: 'local', LITELLM_LOCAL_MODEL_COST_MAP: 'True' };

const run = promisify(execFile);

/** The PyPI package `sotopia` playing episodes in one process, as it does by itself. */
export class Peer {
  private constructor(private readonly process: GuardedProcess) {}

  static async start(provider: Provider, inFlight: number, state: StateDirectory): Promise<Peer> {
    const { stdout } = await run(process.execPath, [join(CHECKOUT, 'deploy/setup/peer.mjs')]);
    const home = state.file('peer');
    mkdirSync(home, { recursive: true });
    const profiles = writeProfiles(join(home, 'profiles'));
    const options = ['--profiles', profiles, '--provider', provider.address, '--in-flight', String(inFlight)];
    const playing = await GuardedProcess.start({
      name: 'peer',
      command: stdout.trim(),
      args: [join(SOURCES, 'play.py'), ...options],
      env: { ...process.env, ...SETTINGS, HOME: home },
      cwd: home,
      log: state.log('peer'),
      stopSeconds: 5,
    });
    await untilReady(playing, { kind: 'event' }, READY_SECONDS);
    return new Peer(playing);
  }

  cpuMs(): number {
    return useOf(this.process.identity.pid).cpuMs;
  }

  async stop(): Promise<void> {
    await this.process.stop(AbortSignal.abort());
  }
}

/** The package's version, as it is pinned. */
export function peerVersion(): string {
  const pinned = readFileSync(join(SOURCES, 'requirements.txt'), 'utf8');
  return /^sotopia==(?<version>\S+)$/m.exec(pinned)?.groups?.['version'] ?? 'unknown';
}
