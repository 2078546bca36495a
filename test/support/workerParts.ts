import type { BuildIdentity } from '../../activities/support/manifest';
import { newSigningKeyPem, readSigningKey } from '../../artifacts/signing/signingKey';
import type { WorkerDependencies } from '../../workers/createActivities';

/** A key of this process alone. */
export const TEST_KEY = readSigningKey(newSigningKeyPem(), 'a test');

/** Which code a test's workers say they run. */
export const TEST_BUILD: BuildIdentity = {
  version: '0.0.0+test',
  commit: null,
  trainer: 'a'.repeat(64),
  packages: 'b'.repeat(64),
  prompts: { 'compact-v1': 'c'.repeat(64) },
};

/** What activities need of their worker, where there is no Temporal. */
export const WITHOUT_TEMPORAL: WorkerDependencies = {
  withdraw: () => undefined,
  signingKey: TEST_KEY,
  histories: { fetch: async () => null },
};
