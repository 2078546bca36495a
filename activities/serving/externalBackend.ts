import { setTimeout as delay } from 'node:timers/promises';
import { basename } from 'node:path';
import { failure } from '../support/failures';
import type { BehaviourRecords } from './behaviour';
import type { ModelCard, ModelServer } from './modelServer';
import { verifyFolder, verifyReadsAlike } from './policyFolders';
import { proveBehaviour, proveServed } from './proof';
import type { PolicyToServe, ServedPolicy, ServingBackend } from './servingBackend';

const LOOK_EVERY_MS = 4_000;

/** Serves policies at an endpoint that somebody else runs: adapters are loaded into it, whole models must be there. */
export class ExternalBackend implements ServingBackend {
  constructor(
    private readonly server: ModelServer,
    private readonly records: BehaviourRecords,
  ) {}

  async serve(policy: PolicyToServe, signal: AbortSignal): Promise<ServedPolicy> {
    const { digest } = policy;
    const loaded = policy.base !== null && (await this.load(policy, policy.base));
    const unload = async () => {
      if (loaded) await this.server.unload(digest).catch(() => undefined);
    };
    try {
      const card = await this.server.card(digest);
      if (!card) throw notServed(this.server, policy);
      await this.prove(policy, card);
      signal.throwIfAborted();
    } catch (error) {
      await unload();
      throw error;
    }
    const stopped = new AbortController();
    const stop = () => {
      stopped.abort();
      return unload();
    };
    const ended = this.untilUnlisted(digest, stopped.signal);
    return { baseUrl: this.server.baseUrl, model: digest, ended, stop };
  }

  /** @returns whether it may be loaded there at all */
  private async load({ digest, directory }: PolicyToServe, base: string): Promise<boolean> {
    await Promise.all([verifyFolder(directory), verifyReadsAlike(directory, base)]);
    return this.server.load(digest, directory).then(
      () => true,
      async (error: unknown) => {
        if (await this.server.card(digest)) return false;
        throw error;
      },
    );
  }

  /** Nobody has seen it read its files: its own digest proves it, or a folder of ours, or how it behaved before. */
  private async prove({ digest, directory, base }: PolicyToServe, card: ModelCard): Promise<void> {
    const claim = { digest, name: digest, directory, base: card.parent ?? null };
    const parent = card.parent ? await this.server.card(card.parent) : undefined;
    const root = base === null ? card.root === directory : parent?.root === base;
    if (typeof card.digest === 'string' || root) {
      await verifyFolder(base ?? directory);
      return proveServed(this.server, claim, this.records);
    }
    if (!(await this.records.has(digest)))
      throw unproven(this.server, { digest, directory, base }, parent ?? card);
    await proveBehaviour(this.server, claim, this.records);
  }

  /** It may be started anew, and knows its adapters no more. One that does not answer is left alone. */
  private async untilUnlisted(digest: string, signal: AbortSignal): Promise<string> {
    while (!signal.aborted) {
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      const models = await this.server.models().catch(() => undefined);
      if (models && !models.some(({ id }) => id === digest))
        return `${this.server.baseUrl} serves policy ${digest} no more. It is loaded again.`;
    }
    return 'It is wanted no more.';
  }
}

function notServed({ baseUrl }: ModelServer, { digest, directory }: PolicyToServe) {
  return failure(
    'POLICY_UNSERVABLE',
    `${baseUrl} (PI_LOOP_SERVE_URL) does not list policy ${digest}. A whole policy is served there by whoever runs it, by its digest: \`vllm serve ${directory} --served-model-name ${digest}\`, from a folder that both machines have under the same path. Or choose another PI_LOOP_SERVE_BACKEND.`,
  );
}

function unproven({ baseUrl }: ModelServer, { digest, base, directory }: PolicyToServe, { root }: ModelCard) {
  const needed = base ?? directory;
  return failure(
    'POLICY_UNSERVABLE',
    `${baseUrl} (PI_LOOP_SERVE_URL) has read ${root ?? 'an unknown folder'}, not ${needed}: nothing proves that it serves policy ${digest}. Start it on that folder (it holds model ${basename(needed)}, verified), or serve the policy once by another PI_LOOP_SERVE_BACKEND, so that it is known how it answers.`,
  );
}
