import {
  type Exchange,
  type Fault,
  type FaultProxy,
  isLinkFault,
  type LinkFault,
  type Removal,
  startHttpProxy,
  startTcpProxy,
} from '../faultProxy';
import { HOST } from '../../deploy/local/ports';
import { PEERS, type Peer } from '../plan';

/** One worker's connections, each by a proxy of its own: a single worker can be cut off from a single peer. */
export class Connections {
  private constructor(
    private readonly proxies: { s3: FaultProxy; provider: FaultProxy; temporal: FaultProxy<LinkFault> },
  ) {}

  /** @param ports of the servers @param observe told of what the peers over HTTP answered */
  static async open(
    ports: Record<Peer, number>,
    seed: number,
    observe: (peer: Peer, exchange: Exchange) => void,
  ): Promise<Connections> {
    const http = (peer: 's3' | 'provider') =>
      startHttpProxy({ upstream: ports[peer], seed, observe: (exchange) => observe(peer, exchange) });
    return new Connections({
      s3: await http('s3'),
      provider: await http('provider'),
      temporal: await startTcpProxy({ upstream: ports.temporal }),
    });
  }

  /** The variables by which a worker finds its peers. */
  get environment(): Record<string, string> {
    const { s3, provider, temporal } = this.proxies;
    return {
      S3_ENDPOINT: `http://${HOST}:${s3.port}`,
      PI_LOOP_SIMULATOR_URL: `http://${HOST}:${provider.port}/v1`,
      TEMPORAL_ADDRESS: `${HOST}:${temporal.port}`,
    };
  }

  inject(peer: Peer, fault: Fault): Removal {
    if (peer !== 'temporal') return this.proxies[peer].inject(fault);
    if (isLinkFault(fault)) return this.proxies.temporal.inject(fault);
    throw new TypeError(`a connection to Temporal knows no requests that a "${fault.kind}" could strike`);
  }

  async close(): Promise<void> {
    for (const peer of PEERS) await this.proxies[peer].close();
  }
}
