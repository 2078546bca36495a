import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { failure } from './failures';
import type { Endpoint } from './languageModels';

/** Says where a policy is served; written by the attempt of `servePolicy` that holds the slot. */
export const ServingLease = z.strictObject({
  digest: z.string(),
  baseUrl: z.string(),
  model: z.string(),
  /** Which attempt wrote it: workflow run, activity and attempt number. */
  holder: z.string(),
  expiresAt: z.number(),
});
export type ServingLease = z.infer<typeof ServingLease>;

export const leaseKey = (digest: string): string => `serving/${digest}.json`;

const Models = z.object({ data: z.array(z.object({ id: z.string(), digest: z.string() })).min(1) });

/** An address once proven is trusted this long before it is asked for its digest again. */
const PROVEN_FOR_MS = 30_000;
const PROBE_TIMEOUT_MS = 5_000;

/** Finds the endpoint of a served policy and makes sure that it serves the expected weights. */
export class ServedPolicies {
  private readonly proven = new Map<string, { endpoint: Endpoint; until: number }>();

  constructor(private readonly store: ArtifactStore) {}

  /** Errors: POLICY_NOT_SERVED, POLICY_DIGEST_MISMATCH; both are tried again. */
  async endpointOf(digest: string): Promise<Endpoint> {
    const known = this.proven.get(digest);
    if (known && known.until > Date.now()) return known.endpoint;
    const lease = await this.store.getDocument(leaseKey(digest), ServingLease);
    if (!lease || lease.expiresAt < Date.now()) {
      throw failure(
        'POLICY_NOT_SERVED',
        `Policy ${digest.slice(0, 12)} is not being served yet. It is looked for again.`,
        { retryAfterMs: 1_000 },
      );
    }
    await prove(lease);
    const endpoint = { baseUrl: lease.baseUrl, apiKey: 'none', model: lease.model };
    this.proven.set(digest, { endpoint, until: Date.now() + PROVEN_FOR_MS });
    return endpoint;
  }

  /** After a failed call: look the policy up anew at the next attempt. */
  forget(digest: string): void {
    this.proven.delete(digest);
  }
}

async function prove({ digest, baseUrl }: ServingLease): Promise<void> {
  const answer = await fetch(`${baseUrl}/models`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).catch(
    (cause: unknown) => {
      throw failure(
        'POLICY_NOT_SERVED',
        `The server of policy ${digest.slice(0, 12)} at ${baseUrl} does not answer. It is looked for again.`,
        { cause, retryAfterMs: 1_000 },
      );
    },
  );
  const models = Models.safeParse(await answer.json().catch(() => undefined));
  const served = models.success ? models.data.data[0]?.digest : undefined;
  if (served !== digest) {
    throw failure(
      'POLICY_DIGEST_MISMATCH',
      `${baseUrl} serves ${served ?? 'something without a digest'}, not policy ${digest}. No turn is played until the right one is served.`,
      { retryAfterMs: 2_000 },
    );
  }
}
