import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { ArtifactRef } from '../schemas/artifact';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { type LineChild, parseLine } from './support/childProcess';
import { failure } from './support/failures';
import { fetchPolicy } from './support/policyFiles';
import { whileAlive } from './support/heartbeat';
import { leaseKey, type ServedPolicies, type ServingLease } from './support/servedPolicies';
import { startTrainer, trainerMissing, type TrainerRuntime } from './support/trainerProcess';

export interface ServingDependencies {
  store: ArtifactStore;
  policies: ServedPolicies;
  trainer: TrainerRuntime;
}

/** A lease is renewed this often and believed for three times as long. */
const RENEW_EVERY_MS = 4_000;
const LEASE_MS = 3 * RENEW_EVERY_MS;
const LOOK_EVERY_MS = 250;

const Ready = z.looseObject({ event: z.literal('ready'), baseUrl: z.string(), digest: z.string() });

export function createServingActivities({ store, policies, trainer }: ServingDependencies) {
  return {
    /**
     * Serves a policy until it is cancelled: holds the slot, starts the server, keeps a lease that says where it is,
     * and stops it surely. Errors: POLICY_SERVER_FAILED, POLICY_UNSERVABLE, POLICY_DIGEST_MISMATCH, TRAINER_MISSING,
     * WORKER_DISK_FULL, STORAGE_*.
     */
    async servePolicy({ policy }: { policy: ArtifactRef }): Promise<void> {
      const { cancellationSignal, info } = Context.current();
      const { directory, base } = await whileAlive(
        () => null,
        () => fetchPolicy(store, policy, trainer),
      );
      const digest = policy.digest.sha256;
      const server = startTrainer(trainer, [
        'serve',
        '--policy',
        directory,
        ...(base ? ['--base', base] : []),
      ]);
      const lease = {
        digest,
        model: 'policy',
        holder: `${info.workflowExecution?.runId}/${info.activityId}/${info.attempt}`,
      };
      try {
        const { baseUrl, digest: served } = await readiness(server, trainer, cancellationSignal);
        if (served !== digest)
          throw failure('POLICY_DIGEST_MISMATCH', `The server loaded ${served}, not policy ${digest}.`);
        await holdLease({ ...lease, baseUrl, expiresAt: 0 }, server, cancellationSignal);
      } finally {
        await server.stop();
      }
    },

    /** Returns once the policy answers under its own digest. */
    async awaitPolicy({ policy }: { policy: ArtifactRef }): Promise<void> {
      const context = Context.current();
      while (!(await answers(policy.digest.sha256))) {
        context.heartbeat();
        await delay(LOOK_EVERY_MS, undefined, { signal: context.cancellationSignal }).catch(() => {
          context.cancellationSignal.throwIfAborted();
        });
      }
    },
  };

  async function holdLease(lease: ServingLease, server: LineChild, signal: AbortSignal): Promise<void> {
    const context = Context.current();
    try {
      while (!signal.aborted) {
        await store.putDocument(leaseKey(lease.digest), { ...lease, expiresAt: Date.now() + LEASE_MS });
        context.heartbeat({ baseUrl: lease.baseUrl });
        const exit = await Promise.race([server.exited, pause(RENEW_EVERY_MS, signal)]);
        if (exit && !signal.aborted) {
          throw failure(
            'POLICY_SERVER_FAILED',
            `The policy server ended (${exit.signal ?? `code ${exit.code}`}); it is started again. ${exit.stderrTail.slice(-1000)}`,
          );
        }
      }
      signal.throwIfAborted();
    } finally {
      await store.putDocument(leaseKey(lease.digest), { ...lease, expiresAt: 0 });
    }
  }

  async function answers(digest: string): Promise<boolean> {
    return policies.endpointOf(digest).then(
      () => true,
      () => false,
    );
  }
}

/** A policy whose server gives up this often before it is ready is not going to be served. */
const MOST_STARTS = 3;

async function readiness(
  server: LineChild,
  trainer: TrainerRuntime,
  signal: AbortSignal,
): Promise<z.infer<typeof Ready>> {
  const context = Context.current();
  const heartbeat = setInterval(() => context.heartbeat(), RENEW_EVERY_MS);
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
    const hopeless = killedBy === null && context.info.attempt >= MOST_STARTS;
    throw failure(
      hopeless ? 'POLICY_UNSERVABLE' : 'POLICY_SERVER_FAILED',
      `The policy server ended (${killedBy ?? `code ${code}`}) before it was ready; ${hopeless ? `that was attempt ${context.info.attempt}` : 'it is started again'}. ${stderrTail.slice(-1500)}`,
    );
  } finally {
    clearInterval(heartbeat);
    signal.removeEventListener('abort', stop);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<undefined> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
