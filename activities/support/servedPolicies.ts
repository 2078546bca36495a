import type { ApplicationFailure } from '@temporalio/activity';
import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { parseLine } from './childProcess';
import { failure, reasonOf } from './failures';
import type { Completion } from '../models/chatCompletion';
import type { Endpoint } from '../models/endpoint';

/**
 * Says where a policy may be served; written by the attempt of `servePolicy` that holds the slot. It is a pointer and no
 * proof: it carries no time, since the clocks of two machines differ, and what answers there is asked for its digest.
 */
export const ServingLease = z.object({
  digest: z.string(),
  baseUrl: z.string(),
  model: z.string(),
  /** Which attempt wrote it: workflow run, activity and attempt number. */
  holder: z.string(),
});
export type ServingLease = z.infer<typeof ServingLease>;

export const leaseKey = (digest: string): string => `serving/${digest}.json`;

const Models = z.object({ data: z.array(z.object({ id: z.string(), digest: z.string().nullish() })) });

/** An endpoint that somebody else runs (PI_LOOP_SERVE_URL); its key goes nowhere else. */
export interface ExternalEndpoint {
  baseUrl: string;
  apiKey: string | undefined;
}

/**
 * Which policy an answer says it is by. One rule: a server that hashes what it loads says the digest (`digest` of a model,
 * `system_fingerprint` of an answer); with any other, whoever loaded the policy has proven it and named it by its digest.
 */
export const policyOf = ({ snapshot, fingerprint }: Pick<Completion, 'snapshot' | 'fingerprint'>): string =>
  fingerprint?.startsWith(HASHED) ? fingerprint.slice(HASHED.length) : snapshot;

const HASHED = 'sha256:';

/** By a clock that nobody sets: an address once proven is trusted this long before it is asked for its digest again. */
const PROVEN_FOR_MS = 30_000;
const PROBE_TIMEOUT_MS = 5_000;

/** Finds the endpoint of a served policy and makes sure that it serves the expected weights. */
export class ServedPolicies {
  private readonly proven = new Map<string, { endpoint: Endpoint; until: number }>();

  constructor(
    private readonly store: ArtifactStore,
    private readonly external: ExternalEndpoint | null = null,
  ) {}

  /** Errors: POLICY_NOT_SERVED, POLICY_DIGEST_MISMATCH; both are tried again. */
  async endpointOf(digest: string): Promise<Endpoint> {
    const known = this.proven.get(digest);
    if (known && known.until > performance.now()) return known.endpoint;
    const lease = await this.store.getDocument(leaseKey(digest), ServingLease);
    if (!lease) {
      throw failure(
        'POLICY_NOT_SERVED',
        `Policy ${digest.slice(0, 12)} is not being served yet. It is looked for again.`,
        { retryAfterMs: 1_000 },
      );
    }
    const apiKey = lease.baseUrl === this.external?.baseUrl ? this.external.apiKey : undefined;
    await prove(lease, apiKey);
    const endpoint = { baseUrl: lease.baseUrl, apiKey: apiKey ?? 'none', model: lease.model };
    this.proven.set(digest, { endpoint, until: performance.now() + PROVEN_FOR_MS });
    return endpoint;
  }

  /** Says where a policy is served; of several servers of the same weights any will do. */
  async announce(lease: ServingLease): Promise<void> {
    await this.store.putDocument(leaseKey(lease.digest), lease);
  }

  /** Takes an announcement back unless another server has made its own since. */
  async revoke({ digest, holder }: ServingLease): Promise<void> {
    const lease = await this.store.getDocument(leaseKey(digest), ServingLease);
    if (lease?.holder === holder) await this.store.removeDocument(leaseKey(digest));
  }

  /** After a failed call: look the policy up anew at the next attempt. */
  forget(digest: string): void {
    this.proven.delete(digest);
  }
}

/** Asks what answers at an address which policy it serves. */
async function prove({ digest, baseUrl, model }: ServingLease, apiKey: string | undefined): Promise<void> {
  const timeout = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const answer = await fetch(`${baseUrl}/models`, { signal: timeout, headers })
    .then((response) => response.text())
    .catch((cause: unknown) => {
      throw timeout.aborted ? silent(digest, baseUrl) : gone(digest, baseUrl, cause);
    });
  const served = digestIn(answer, model);
  if (served !== digest) {
    throw failure(
      'POLICY_DIGEST_MISMATCH',
      `${baseUrl} serves ${served ?? 'something without a digest'}, not policy ${digest}. No turn is played until the right one is served.`,
      { retryAfterMs: 2_000 },
    );
  }
}

/** A server that is only busy is not asked more and more: after a silence the caller's own pauses grow. */
const silent = (digest: string, baseUrl: string): ApplicationFailure =>
  failure(
    'POLICY_NOT_SERVED',
    `The server of policy ${digest.slice(0, 12)} at ${baseUrl} says nothing for ${PROBE_TIMEOUT_MS / 1000} s: whether it lives is unknown. It is asked again.`,
  );

const gone = (digest: string, baseUrl: string, cause: unknown): ApplicationFailure =>
  failure(
    'POLICY_NOT_SERVED',
    `The server of policy ${digest.slice(0, 12)} at ${baseUrl} does not answer (${reasonOf(cause)}). It is looked for again.`,
    { cause, retryAfterMs: 1_000 },
  );

function digestIn(answer: string, model: string): string | undefined {
  const served = Models.safeParse(parseLine(answer)).data?.data.find(({ id }) => id === model);
  return served?.digest ?? served?.id;
}
