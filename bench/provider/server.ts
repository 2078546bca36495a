import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answersOf, ROLES, type Role } from './answers';

/** What was asked of the provider since it started. */
export interface ProviderCounts {
  calls: number;
  /** Bytes of all requests' bodies. */
  requestBytes: number;
  /** Calls being waited for now. */
  inFlight: number;
  byRole: Record<Role, number>;
  /** Calls that asked, byte for byte, what was asked before: work done twice. Null when nobody looks. */
  repeated: number | null;
}

export interface ProviderOptions {
  latencyMs: number;
  /** Whether bodies are compared with all before them, which takes CPU time. */
  countRepeated: boolean;
}

export const COUNTS_PATH = '/counts';
/** Connections a listening socket holds back: hundreds of clients may connect in one moment. */
const BACKLOG = 1024;

/**
 * An OpenAI-compatible provider that answers each call after the same time, whatever is asked. It reads no prompt: the
 * path says who is meant (`/judge/v1/chat/completions`).
 */
export function createProvider({ latencyMs, countRepeated }: ProviderOptions): Server {
  const counts: ProviderCounts = {
    calls: 0,
    requestBytes: 0,
    inFlight: 0,
    byRole: Object.fromEntries(ROLES.map((role) => [role, 0])) as Record<Role, number>,
    repeated: countRepeated ? 0 : null,
  };
  const seen = new Set<string>();
  const routes = new Map(ROLES.map((role) => [`/${role}/v1/chat/completions`, routeOf(role)]));

  const server = createServer((request, response) => {
    if (countRepeated) compare(request, seen, counts);
    else request.resume();
    const route = routes.get(request.url ?? '');
    if (!route) return answerOther(request, response, counts);
    counts.inFlight += 1;
    counts.calls += 1;
    counts.byRole[route.role] += 1;
    counts.requestBytes += Number(request.headers['content-length'] ?? 0);
    setTimeout(() => {
      counts.inFlight -= 1;
      const body = route.next();
      response.writeHead(200, ['content-type', 'application/json', 'content-length', String(body.length)]);
      response.end(body);
    }, latencyMs);
  });
  // Clients keep idle connections as long as they like; a closed one would cost a call its connection.
  server.keepAliveTimeout = 0;
  return server;
}

/** @returns the port it listens on */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', backlog: BACKLOG }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function routeOf(role: Role): { role: Role; next: () => Buffer } {
  const answers = answersOf(role);
  let given = 0;
  return {
    role,
    next: () => {
      given += 1;
      return answers[given % answers.length] as Buffer;
    },
  };
}

/** Seeds tell all calls of a campaign apart, so that two equal ones are the same call made twice. */
function compare(request: IncomingMessage, seen: Set<string>, counts: ProviderCounts): void {
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  request.on('end', () => {
    if (request.method !== 'POST') return;
    const digest = hash.digest('base64');
    if (seen.has(digest)) counts.repeated = (counts.repeated ?? 0) + 1;
    seen.add(digest);
  });
}

function answerOther(request: IncomingMessage, response: ServerResponse, counts: ProviderCounts): void {
  const found = request.url === COUNTS_PATH;
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found ? counts : { error: { message: `no ${request.url}` } }));
}
