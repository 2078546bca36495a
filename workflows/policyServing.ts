import { ActivityFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ArtifactRef } from '../schemas/artifact';
import { awaitPolicy, servePolicy } from './activityProxies';

interface Service {
  users: number;
  scope: CancellationScope;
  /** Resolves when the policy answers; rejects when it cannot be served. */
  ready: Promise<void>;
  /** Settles when the server is surely gone. */
  stopped: Promise<void>;
}

/** Serves each policy once, for as long as any stage needs it. */
export class PolicyServing {
  private readonly services = new Map<string, Service>();

  /** Runs `body` while all the policies are served. */
  async use<R>(policies: readonly ArtifactRef[], body: () => Promise<R>): Promise<R> {
    const services = policies.map((policy) => this.acquire(policy));
    try {
      await Promise.all(services.map((service) => service.ready));
      return await body();
    } finally {
      await CancellationScope.nonCancellable(() =>
        Promise.all(policies.map((policy) => this.release(policy))),
      );
    }
  }

  private acquire(policy: ArtifactRef): Service {
    const digest = policy.digest.sha256;
    const running = this.services.get(digest);
    if (running) {
      running.users += 1;
      return running;
    }
    const service = start(policy);
    this.services.set(digest, service);
    return service;
  }

  private async release({ digest }: ArtifactRef): Promise<void> {
    const service = this.services.get(digest.sha256);
    if (!service) return;
    service.users -= 1;
    if (service.users > 0) return;
    this.services.delete(digest.sha256);
    service.scope.cancel();
    await service.stopped;
  }
}

function start(policy: ArtifactRef): Service {
  const scope = new CancellationScope({ cancellable: true });
  const serving = scope.run(() => servePolicy({ policy }));
  const stopped = serving.catch((error: unknown) => {
    if (!isCancellation(error) && !(error instanceof ActivityFailure)) throw error;
  });
  const ready = Promise.race([
    awaitPolicy({ policy }),
    serving.then(() => {
      throw new Error(`the server of policy ${policy.digest.sha256} ended by itself`);
    }),
  ]);
  return { users: 1, scope, ready, stopped };
}
