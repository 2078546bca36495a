import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Transform } from 'node:stream';
import { HOST } from '../../deploy/local/ports';
import { createRandom, type Random } from '../../domain/random';
import type { Removal, RequestFault } from './faults';

/** A request that the server answered, whether or not the answer arrived. Times as of `performance.now()`. */
export interface Exchange {
  method: string;
  /** With its query. */
  path: string;
  /** SHA-256 of the request's body: what was asked. */
  asked: string;
  status: number;
  startedAt: number;
  answeredAt: number;
  /** Why the answer did not arrive as it was given; null when it did, as far as the proxy knows. */
  struckBy: RequestFault['kind'] | null;
}

export interface RequestsOptions {
  /** Port of the server on this machine. */
  upstream: number;
  /** Decides which requests a fault with a probability strikes. Default 0. */
  seed?: number;
  /** Told of each exchange. */
  observe?: (exchange: Exchange) => void;
}

type Active = RequestFault & { left: number };

/** HTTP requests to one server of this machine, and what happens to them. */
export class Requests {
  readonly injected: Record<RequestFault['kind'], number> = { reset: 0, half: 0, corrupt: 0, status: 0 };
  private readonly faults = new Set<Active>();
  private readonly random: Random;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly server = createServer((incoming, answer) => this.handle(incoming, answer));

  private constructor(private readonly options: RequestsOptions) {
    this.random = createRandom(options.seed ?? 0);
    // Who keeps a connection is for the two ends to say.
    this.server.keepAliveTimeout = 0;
    this.server.requestTimeout = 0;
  }

  static async open(options: RequestsOptions): Promise<Requests> {
    const requests = new Requests(options);
    requests.server.listen(0, HOST);
    await once(requests.server, 'listening');
    return requests;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  inject(fault: RequestFault): Removal {
    const active = { ...fault, left: fault.times ?? Infinity };
    this.faults.add(active);
    return () => void this.faults.delete(active);
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    this.agent.destroy();
    await once(this.server, 'close');
  }

  private handle(incoming: IncomingMessage, answer: ServerResponse): void {
    const fault = this.draw(incoming);
    if (fault?.kind === 'status') {
      incoming.resume();
      answer.writeHead(fault.status, fault.headers).end(fault.body);
    } else if (fault?.kind === 'reset' && !fault.answered) {
      incoming.socket.resetAndDestroy();
    } else {
      this.forward(incoming, answer, fault);
    }
  }

  /** The first fault that strikes the request, if one does. */
  private draw({ method, url = '' }: IncomingMessage): RequestFault | undefined {
    for (const fault of this.faults) {
      if (fault.method !== undefined && fault.method !== method) continue;
      if (fault.path !== undefined && !fault.path.test(url)) continue;
      if (fault.probability !== undefined && this.random.uniform() >= fault.probability) continue;
      fault.left -= 1;
      if (fault.left <= 0) this.faults.delete(fault);
      this.injected[fault.kind] += 1;
      return fault;
    }
    return undefined;
  }

  /** What was asked is asked to its end even when the client has gone: a server does not see that either. */
  private forward(incoming: IncomingMessage, answer: ServerResponse, fault: RequestFault | undefined): void {
    const startedAt = performance.now();
    const { method = '', url: path = '', headers } = incoming;
    const asked = request({
      host: HOST,
      port: this.options.upstream,
      method,
      path,
      headers,
      agent: this.agent,
    });
    const question = createHash('sha256');
    incoming.on('data', (chunk: Buffer) => question.update(chunk));
    const lost = () => incoming.socket.resetAndDestroy();
    asked.on('error', lost);
    asked.on('response', (given) => {
      given.once('end', () => {
        const { statusCode: status = 0 } = given;
        this.options.observe?.({
          method,
          path,
          asked: question.digest('hex'),
          status,
          startedAt,
          answeredAt: performance.now(),
          struckBy: fault?.kind ?? null,
        });
      });
      if (fault?.kind === 'reset') {
        given.resume().once('close', lost);
        return;
      }
      answer.writeHead(given.statusCode ?? 502, given.rawHeaders);
      if (fault?.kind === 'half') answer.flushHeaders();
      const damage = damageOf(fault, lost);
      given.on('error', lost);
      answer.on('error', () => undefined);
      // Not a pipeline: it would hang up on the server when the client does.
      given.pipe(damage).pipe(answer);
      answer.once('close', () => given.unpipe(damage).resume());
    });
    incoming.once('error', () => asked.destroy());
    incoming.pipe(asked);
  }
}

function damageOf(fault: RequestFault | undefined, lost: () => void): Transform {
  if (fault?.kind === 'corrupt') return corrupting();
  return fault?.kind === 'half' ? halving(fault.bytes, lost) : new PassThrough();
}

function corrupting(): Transform {
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const sent = Buffer.from(chunk);
      if (isFirst && sent.length > 0) sent[0] = (sent[0] ?? 0) ^ 1;
      isFirst = false;
      done(null, sent);
    },
  });
}

function halving(bytes: number, lost: () => void): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      this.push(chunk.subarray(0, left));
      left -= chunk.length;
      done();
      // What was let through is to arrive first.
      if (left < 0) setImmediate(lost);
    },
  });
}
