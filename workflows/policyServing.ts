import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { SharedTime } from '../domain/plan/sharedTime';
import type { ArtifactRef } from '../schemas/artifact';
import { awaitPolicy, servePolicy } from './activityProxies';

interface Service {
  /** From the start of its server on. */
  time: SharedTime;
  scope: CancellationScope;
  /** Resolves when the policy answers. */
  ready: Promise<void>;
  /** Rejects when the policy cannot be served any more; never resolves. */
  failed: Promise<never>;
  /** Resolves when the server is surely gone. */
  stopped: Promise<unknown>;
}

/** Serves each policy once, for as long as any stage needs it. */
export class PolicyServing {
  private readonly services = new Map<string, Service>();

  /**
   * Runs `body` while all the policies are served; fails when one of them cannot be.
   * @returns what `body` does, and the servers' seconds for it: one that several stages use is shared among them
   */
  async use<R>(
    policies: readonly ArtifactRef[],
    body: () => Promise<R>,
  ): Promise<{ result: R; seconds: number }> {
    const services = policies.map((policy) => this.serviceOf(policy));
    const leave = services.map(({ time }) => time.join());
    const failed = services.map((service) => service.failed);
    const served = async () => {
      await Promise.all(services.map((service) => service.ready));
      return body();
    };
    try {
      const result = await Promise.race([served(), ...failed]);
      return { result, seconds: leave.reduce((sum, left) => sum + left(), 0) / 1000 };
    } finally {
      for (const left of leave) left();
      await CancellationScope.nonCancellable(() =>
        Promise.all(policies.map((policy) => this.stopUnused(policy))),
      );
    }
  }

  private serviceOf(policy: ArtifactRef): Service {
    const digest = policy.digest.sha256;
    const service = this.services.get(digest) ?? start(policy);
    this.services.set(digest, service);
    return service;
  }

  private async stopUnused({ digest }: ArtifactRef): Promise<void> {
    const service = this.services.get(digest.sha256);
    if (!service || service.time.users > 0) return;
    this.services.delete(digest.sha256);
    service.scope.cancel();
    await service.stopped;
  }
}

function start(policy: ArtifactRef): Service {
  const scope = new CancellationScope({ cancellable: true });
  const serving = scope.run(() => servePolicy({ policy }));
  const failed = serving.then(
    () => Promise.reject(new Error(`the server of policy ${policy.digest.sha256} ended by itself`)),
    (error: unknown) => (isCancellation(error) ? new Promise<never>(() => undefined) : Promise.reject(error)),
  );
  const ready = scope.run(() => awaitPolicy({ policy }));
  // Whoever uses the service awaits these; when nobody does any more, their end is no news.
  failed.catch(() => undefined);
  ready.catch(() => undefined);
  return {
    time: new SharedTime(() => Date.now()),
    scope,
    ready,
    failed,
    stopped: Promise.allSettled([serving]),
  };
}
