import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { ArtifactRef } from '../schemas/artifact';
import type { ArtifactStore } from '../artifacts/artifactStore';
import type { ServedPolicy, ServingBackend } from './serving/servingBackend';
import { failure } from './support/failures';
import { fetchPolicy } from './support/policyFiles';
import { whileAlive } from './support/heartbeat';
import { holderOf } from './support/holder';
import type { ServedPolicies, ServingLease } from './support/servedPolicies';
import type { TrainerRuntime } from './support/trainerProcess';

export interface ServingDependencies {
  store: ArtifactStore;
  policies: ServedPolicies;
  trainer: TrainerRuntime;
  backend: ServingBackend;
}

/** What a watcher sees of a server. */
interface ServingStatus {
  /** Null until it is ready. */
  baseUrl: string | null;
  /** Why the store could not be told of it, if so. */
  trouble: string | null;
}

/** A lease is written anew this often, so that one which another server's took the place of is found again. */
const RENEW_EVERY_MS = 4_000;
/** A stage waits for this: looking costs one small read. */
const LOOK_EVERY_MS = 250;

export function createServingActivities({ store, policies, trainer, backend }: ServingDependencies) {
  return {
    /**
     * Serves a policy until it is cancelled: holds the slot, makes it answer, keeps a lease that says where it is, and
     * takes it away surely. Only the end of the server's process is its end: one that does not answer for a while is
     * left alone, since a second beside it would cost a slot and prove nothing.
     * Errors: POLICY_SERVER_FAILED, POLICY_UNSERVABLE, POLICY_DIGEST_MISMATCH, TRAINER_MISSING, CONFIGURATION_MISSING,
     * WORKER_DISK_FULL, STORAGE_*, ARTIFACT_*.
     */
    async servePolicy({ policy }: { policy: ArtifactRef }): Promise<void> {
      const { cancellationSignal, info } = Context.current();
      const status: ServingStatus = { baseUrl: null, trouble: null };
      return whileAlive(
        () => status,
        async () => {
          const digest = policy.digest.sha256;
          const local = await fetchPolicy(store, policy, trainer, cancellationSignal);
          const served = await backend.serve({ ...local, digest }, cancellationSignal);
          try {
            const { baseUrl, model } = served;
            const lease = { digest, baseUrl, model, holder: holderOf(info) };
            await serve(lease, served, status, cancellationSignal);
          } finally {
            await served.stop();
          }
        },
      );
    },

    /** Returns once the policy answers under its own digest; its heartbeat says what it waits for. */
    async awaitPolicy({ policy }: { policy: ArtifactRef }): Promise<void> {
      const context = Context.current();
      for (;;) {
        const waiting = await whyNotServed(policy.digest.sha256);
        if (waiting === null) return;
        context.heartbeat({ waiting });
        await pause(LOOK_EVERY_MS, context.cancellationSignal);
        context.cancellationSignal.throwIfAborted();
      }
    },
  };

  /** Until it is served no more or the signal aborts, whether the store can be told of it or not. */
  async function serve(
    lease: ServingLease,
    { ended }: ServedPolicy,
    status: ServingStatus,
    signal: AbortSignal,
  ): Promise<void> {
    status.baseUrl = lease.baseUrl;
    const done = new AbortController();
    const announcing = keepAnnounced(lease, status, done.signal);
    try {
      const why = await Promise.race([ended, aborted(signal)]);
      signal.throwIfAborted();
      if (why !== undefined)
        throw failure('POLICY_SERVER_FAILED', `Policy ${lease.digest} is started again: ${why}`);
    } finally {
      done.abort();
      await announcing;
      // A pointer to nothing only costs whoever follows it a moment.
      await policies.revoke(lease).catch(() => undefined);
    }
  }

  async function keepAnnounced(
    lease: ServingLease,
    status: ServingStatus,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      status.trouble = await policies.announce(lease).then(() => null, messageOf);
      await pause(RENEW_EVERY_MS, signal);
    }
  }

  async function whyNotServed(digest: string): Promise<string | null> {
    return policies.endpointOf(digest).then(() => null, messageOf);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const pause = (ms: number, signal: AbortSignal): Promise<undefined> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
