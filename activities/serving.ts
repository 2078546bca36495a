import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { ArtifactRef } from '../schemas/artifact';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { type ChildExit, type LineChild, parseLine } from './support/childProcess';
import { failure } from './support/failures';
import { fetchPolicy } from './support/policyFiles';
import { whileAlive } from './support/heartbeat';
import { holderOf } from './support/holder';
import type { ServedPolicies, ServingLease } from './support/servedPolicies';
import { startTrainer, trainerMissing, type TrainerRuntime } from './support/trainerProcess';

export interface ServingDependencies {
  store: ArtifactStore;
  policies: ServedPolicies;
  trainer: TrainerRuntime;
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

const Ready = z.looseObject({ event: z.literal('ready'), baseUrl: z.string(), digest: z.string() });

export function createServingActivities({ store, policies, trainer }: ServingDependencies) {
  return {
    /**
     * Serves a policy until it is cancelled: holds the slot, starts the server, keeps a lease that says where it is,
     * and stops it surely. Only the end of the server's process is its end: one that does not answer for a while is
     * left alone, since a second beside it would cost a slot and prove nothing.
     * Errors: POLICY_SERVER_FAILED, POLICY_UNSERVABLE, POLICY_DIGEST_MISMATCH, TRAINER_MISSING, WORKER_DISK_FULL,
     * STORAGE_*, ARTIFACT_*.
     */
    async servePolicy({ policy }: { policy: ArtifactRef }): Promise<void> {
      const { cancellationSignal, info } = Context.current();
      const status: ServingStatus = { baseUrl: null, trouble: null };
      return whileAlive(
        () => status,
        async () => {
          const { directory, base } = await fetchPolicy(store, policy, trainer, cancellationSignal);
          const onBase = base ? ['--base', base] : [];
          const server = startTrainer(trainer, ['serve', '--policy', directory, ...onBase]);
          try {
            const { baseUrl, digest } = await readiness(server, trainer, cancellationSignal);
            if (digest !== policy.digest.sha256)
              throw failure(
                'POLICY_DIGEST_MISMATCH',
                `The server loaded ${digest}, not policy ${policy.digest.sha256}.`,
              );
            const lease = { digest, baseUrl, model: 'policy', holder: holderOf(info) };
            await serve(lease, server, status, cancellationSignal);
          } finally {
            await server.stop();
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

  /** Until the server's process ends or the signal aborts, whether the store can be told of it or not. */
  async function serve(
    lease: ServingLease,
    server: LineChild,
    status: ServingStatus,
    signal: AbortSignal,
  ): Promise<void> {
    status.baseUrl = lease.baseUrl;
    const ended = new AbortController();
    const announcing = keepAnnounced(lease, status, ended.signal);
    try {
      const exit = await Promise.race([server.exited, aborted(signal)]);
      signal.throwIfAborted();
      if (exit) throw serverEnded(exit);
    } finally {
      ended.abort();
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

const serverEnded = ({ signal, code, stderrTail }: ChildExit) =>
  failure(
    'POLICY_SERVER_FAILED',
    `The policy server ended (${signal ?? `code ${code}`}); it is started again. ${stderrTail.slice(-1000)}`,
  );

/** A policy whose server gives up this often before it is ready is not going to be served. */
const MOST_STARTS = 3;

async function readiness(
  server: LineChild,
  trainer: TrainerRuntime,
  signal: AbortSignal,
): Promise<z.infer<typeof Ready>> {
  const { attempt } = Context.current().info;
  const stop = () => void server.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of server.lines()) {
      const ready = Ready.safeParse(parseLine(line));
      if (ready.success) return ready.data;
    }
    signal.throwIfAborted();
    const { code, signal: killedBy, stderrTail, notStarted } = await server.exited;
    if (notStarted !== null) throw trainerMissing(trainer, notStarted);
    // A server that was killed may start another time; one that leaves by itself has a reason.
    const hopeless = killedBy === null && attempt >= MOST_STARTS;
    throw failure(
      hopeless ? 'POLICY_UNSERVABLE' : 'POLICY_SERVER_FAILED',
      `The policy server ended (${killedBy ?? `code ${code}`}) before it was ready; ${hopeless ? `that was attempt ${attempt}` : 'it is started again'}. ${stderrTail.slice(-1500)}`,
    );
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<undefined> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
