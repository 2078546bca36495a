import type { LocalPolicy } from '../support/policyFiles';

/** A policy whose files are here, verified, in folders named by their digests. */
export interface PolicyToServe extends LocalPolicy {
  digest: string;
}

/** A policy that answers. */
export interface ServedPolicy {
  baseUrl: string;
  /** Its name in requests. */
  model: string;
  /** Resolves when it answers no more, with why. */
  ended: Promise<string>;
  /** Takes it away; never rejects. */
  stop(): Promise<void>;
}

/** A way to serve policies, which the worker's configuration chooses (docs/serving.md). */
export interface ServingBackend {
  /**
   * Makes a policy answer, and proves that what answers is the policy.
   * Errors: POLICY_SERVER_FAILED, POLICY_DIGEST_MISMATCH, POLICY_UNSERVABLE, TRAINER_MISSING, CONFIGURATION_MISSING; the
   * signal's reason.
   */
  serve(policy: PolicyToServe, signal: AbortSignal): Promise<ServedPolicy>;
}
