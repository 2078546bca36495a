import { basename } from 'node:path';
import type { BehaviourRecords } from './behaviour';
import { describeExit } from './engine';
import type { Engine, EnginePool } from './enginePool';
import { ModelServer } from './modelServer';
import { verifyFolder } from './policyFolders';
import { proveServed } from './proof';
import type { PolicyToServe, ServedPolicy, ServingBackend } from './servingBackend';

/** Serves policies on engines of our own: a whole one on its own engine, adapters of one base together on the base's. */
export class EngineBackend implements ServingBackend {
  /** Adapters come and go one after another. */
  private changing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly pool: EnginePool,
    private readonly records: BehaviourRecords,
    /** Further demands of an engine on an adapter and its base. */
    private readonly checkAdapter: (adapter: string, base: string) => Promise<void> = async () => undefined,
  ) {}

  async serve(policy: PolicyToServe, signal: AbortSignal): Promise<ServedPolicy> {
    const { base, directory, digest } = policy;
    if (base !== null) await Promise.all([verifyFolder(directory), this.checkAdapter(directory, base)]);
    // A policy's folders are named by their digests.
    const whole = base === null ? { directory, digest } : { directory: base, digest: basename(base) };
    const engine = await this.pool.acquire(whole, signal);
    const served = (model: string, stop: () => Promise<unknown>): ServedPolicy => ({
      baseUrl: engine.baseUrl,
      model,
      ended: engine.exited.then((exit) => `The policy server ended ${describeExit(exit)}`),
      stop: () =>
        stop()
          .catch(() => undefined)
          .then(() => this.pool.release(engine)),
    });
    try {
      const server = new ModelServer(engine.baseUrl);
      await proveServed(server, { ...whole, name: engine.model, base: null }, this.records);
      if (base === null) return served(engine.model, async () => undefined);
      await this.load(server, engine, policy);
      return served(digest, () => this.unload(server, engine, digest));
    } catch (error) {
      await this.pool.release(engine);
      throw error;
    }
  }

  private load(server: ModelServer, engine: Engine, { digest, directory }: PolicyToServe): Promise<void> {
    return this.change(async () => {
      await server.load(digest, directory);
      const claim = { digest, name: digest, directory, base: engine.model };
      await proveServed(server, claim, this.records).catch(async (error: unknown) => {
        if (!engine.adapters.has(digest)) await server.unload(digest);
        throw error;
      });
      engine.adapters.set(digest, (engine.adapters.get(digest) ?? 0) + 1);
    });
  }

  private unload(server: ModelServer, { adapters }: Engine, digest: string): Promise<void> {
    return this.change(async () => {
      const users = (adapters.get(digest) ?? 0) - 1;
      if (users > 0) return void adapters.set(digest, users);
      adapters.delete(digest);
      await server.unload(digest);
    });
  }

  private change(work: () => Promise<void>): Promise<void> {
    const changed = this.changing.then(work);
    this.changing = changed.catch(() => undefined);
    return changed;
  }
}
