import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../../deploy/local/ports';
import type { LinkFault, Removal } from './faults';

/** Connections to one server of this machine, byte by byte, and what happens to them. */
export class Link {
  /** How often: connections cut, chunks held, chunks delayed. */
  readonly injected: Record<LinkFault['kind'], number> = { cut: 0, stall: 0, latency: 0 };
  private readonly faults = new Set<LinkFault>();
  private readonly clients = new Set<Socket>();
  private readonly removals = new EventEmitter().setMaxListeners(0);
  private readonly server = createServer({ allowHalfOpen: true, noDelay: true });

  private constructor(private readonly upstream: number) {
    this.server.on('connection', (client) => this.accept(client));
  }

  /** @param upstream port of the server on this machine @param port 0 takes a free one */
  static async open(upstream: number, port = 0): Promise<Link> {
    const link = new Link(upstream);
    link.server.listen(port, HOST);
    await once(link.server, 'listening');
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  inject(fault: LinkFault): Removal {
    this.faults.add(fault);
    if (fault.kind === 'cut') for (const client of this.clients) this.cut(client);
    return () => {
      this.faults.delete(fault);
      this.removals.emit('removed');
    };
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    if (this.has('cut')) return this.cut(client);
    const server = connect({ port: this.upstream, host: HOST, allowHalfOpen: true, noDelay: true });
    this.clients.add(client);
    client.once('close', () => this.clients.delete(client));
    // A server that is away or dies resets the connection, as it would without us between.
    const ended = (error: unknown) => {
      if (!error) return;
      client.resetAndDestroy();
      server.destroy();
    };
    pipeline(client, this.passage(false), server, ended);
    pipeline(server, this.passage(true), client, ended);
  }

  private cut(client: Socket): void {
    this.injected.cut += 1;
    client.on('error', () => undefined).resetAndDestroy();
  }

  /** One direction of a connection: bytes keep their order, and each waits no longer than it must. */
  private passage(isAnswer: boolean): Transform {
    let waiting = 0;
    let order: Promise<unknown> = Promise.resolve();
    const passage = new Transform({
      transform: (chunk, _encoding, done) => {
        if (waiting === 0 && this.faults.size === 0) return done(null, chunk);
        const due = performance.now() + (isAnswer ? this.latency() : 0);
        waiting += 1;
        order = order
          .then(() => this.hold(due))
          .then(() => {
            waiting -= 1;
            if (!passage.destroyed) passage.push(chunk);
          });
        // The next one is taken now, so that its time runs from now.
        done();
      },
      flush: (end) => void order.then(() => end()),
    });
    return passage;
  }

  private async hold(due: number): Promise<void> {
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    if (this.has('stall')) this.injected.stall += 1;
    while (this.has('stall')) await once(this.removals, 'removed');
  }

  private latency(): number {
    const added = [...this.faults].reduce(
      (sum, fault) => sum + (fault.kind === 'latency' ? fault.milliseconds : 0),
      0,
    );
    if (added > 0) this.injected.latency += 1;
    return added;
  }

  private has(kind: LinkFault['kind']): boolean {
    return [...this.faults].some((fault) => fault.kind === kind);
  }
}
