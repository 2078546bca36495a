import { createServer } from 'node:net';
import type { Server } from './externalServices';
import { LocalRuntimeError } from './localRuntimeError';
import { describePortHolder } from './portHolder';

/** All servers of the local runtime listen here and nowhere else. */
export const HOST = '127.0.0.1';

/** The usual ports: Temporal's own, and VersityGW's own with the one after it. */
export const PREFERRED_PORTS: Record<Server, number> = { temporal: 7233, s3: 7070, simulator: 7071 };

/** How many ports after the preferred one are tried. */
const TRIED_PORTS = 100;

/** Whether a server could listen on the port now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export interface PortWish {
  /** Whose port it is, for messages. */
  part: string;
  /** Asked for by number: taken or refused, never replaced. */
  explicit?: number | undefined;
  /** Without an explicit one: this, or the next free one. */
  preferred: number;
  /** Ports already promised to other parts. */
  promised: ReadonlySet<number>;
}

/** @throws {LocalRuntimeError} PORT_BUSY when the explicit port, or every port tried, is in use */
export async function choosePort(wish: PortWish, isFree = isPortFree): Promise<number> {
  if (wish.explicit !== undefined) return requirePort(wish.part, wish.explicit, wish.promised, isFree);
  for (let port = wish.preferred; port < wish.preferred + TRIED_PORTS; port += 1) {
    if (!wish.promised.has(port) && (await isFree(port))) return port;
  }
  throw new LocalRuntimeError(
    'PORT_BUSY',
    `${wish.part}: no free port from ${wish.preferred} to ${wish.preferred + TRIED_PORTS - 1}`,
    'name a free port by its option',
  );
}

async function requirePort(
  part: string,
  port: number,
  promised: ReadonlySet<number>,
  isFree: typeof isPortFree,
): Promise<number> {
  const isPromised = promised.has(port);
  if (!isPromised && (await isFree(port))) return port;
  const holder = isPromised ? 'another part of this runtime' : await describePortHolder(port);
  throw new LocalRuntimeError(
    'PORT_BUSY',
    `${part}: port ${port} is in use by ${holder}`,
    'stop it, or name another port, or leave the option out to get a free one',
  );
}
