import { SimulatedProcess } from './simulatedProcess';
import type { TrainerChild } from './trainerChild';

const LATENCY_MS = 10;

/** The policy servers of the simulated world, by their addresses. */
export class PolicyServers {
  private readonly servers = new Map<string, { digest: string; child: TrainerChild }>();

  /** @returns its address, which may have been another server's before */
  open(digest: string, child: TrainerChild): string {
    let port = 1;
    while (this.digestAt(addressOf(port)) !== undefined) port += 1;
    this.servers.set(addressOf(port), { digest, child });
    return addressOf(port);
  }

  /** What is served at an address by a server that lives. */
  digestAt(baseUrl: string): string | undefined {
    const server = this.servers.get(baseUrl);
    return server?.child.isAlive ? server.digest : undefined;
  }

  /** Servers that live. */
  get alive(): TrainerChild[] {
    return [...this.servers.values()].map(({ child }) => child).filter(({ isAlive }) => isAlive);
  }
}

const addressOf = (port: number): string => `http://policies:${port}/v1`;

/** Stands for `fetch`, by which activities ask a policy server what it serves. */
export async function simulatedFetch(address: string): Promise<Pick<Response, 'ok' | 'text'>> {
  const process = SimulatedProcess.current;
  if (!process) throw new Error(`nobody in the simulated world asks for ${address}`);
  const { policyServers } = process.world;
  return process.ask(LATENCY_MS, () => {
    const digest = policyServers.digestAt(address.replace(/\/models$/, ''));
    if (digest === undefined) throw new TypeError('fetch failed');
    const body = JSON.stringify({ data: [{ id: 'policy', digest }] });
    return { ok: true, text: async () => body };
  });
}
