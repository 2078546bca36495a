import type { Fault, FaultKind, LinkFault, Removal } from './proxy/faults';
import { Link } from './proxy/link';
import { Requests, type RequestsOptions } from './proxy/requests';

export type { Fault, FaultKind, LinkFault, Removal, RequestFault, Selection } from './proxy/faults';
export type { Exchange } from './proxy/requests';

/**
 * Stands on 127.0.0.1 between a client and a server of this machine, and does to their connections what networks do.
 *
 *     const proxy = await startHttpProxy({ upstream: 7070 });
 *     const remove = proxy.inject({ kind: 'status', status: 503, method: 'PUT', path: /blobs/, times: 3 });
 *     …            // clients use `http://127.0.0.1:${proxy.port}`
 *     remove();
 *     proxy.injected.status   // how often it struck
 *     await proxy.close();
 */
export interface FaultProxy<F extends Fault = Fault> {
  readonly port: number;
  /** From now on, until the returned function is called. Several faults hold at once; of request faults the oldest that matches strikes. */
  inject(fault: F): Removal;
  /** How often each kind of fault struck: connections cut, chunks of bytes held or delayed, requests. */
  readonly injected: Readonly<Record<F['kind'], number>>;
  /** Resets what is open. */
  close(): Promise<void>;
}

/** For any protocol, such as Temporal's gRPC: bytes in, bytes out. @param upstream port of the server */
export function startTcpProxy({ upstream }: { upstream: number }): Promise<FaultProxy<LinkFault>> {
  return Link.open(upstream);
}

/** For HTTP/1.1: faults of connections, and of single requests. The `Host` header stays, so that signatures hold. */
export async function startHttpProxy(options: RequestsOptions): Promise<FaultProxy> {
  const requests = await Requests.open(options);
  const link = await Link.open(requests.port);
  return {
    port: link.port,
    inject: (fault) => (isLinkFault(fault) ? link.inject(fault) : requests.inject(fault)),
    get injected() {
      return { ...link.injected, ...requests.injected };
    },
    close: async () => {
      await link.close();
      await requests.close();
    },
  };
}

const LINK_FAULTS: ReadonlySet<FaultKind> = new Set([
  'cut',
  'stall',
  'latency',
] satisfies LinkFault['kind'][]);

export const isLinkFault = (fault: Fault): fault is LinkFault => LINK_FAULTS.has(fault.kind);
