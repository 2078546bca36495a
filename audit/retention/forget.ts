import { randomUUID } from 'node:crypto';
import { type ArtifactStore, blobKey } from '../../artifacts/artifactStore';
import { CampaignLog } from '../../artifacts/campaignLog';
import type { SigningKey } from '../../artifacts/signing/signingKey';
import { inParallel } from '../../domain/inParallel';
import type { Deed } from './collect';
import type { ForgetPlan } from './forgetPlan';
import { putTombstone } from './tombstones';

const DELETES_AT_ONCE = 16;

/**
 * Deletes what holds it. Tombstones and log entries come first: whatever stops it, no gap is left without a word; asked
 * again it goes on. @param blobs digests Errors: STORAGE_*.
 */
export async function forget(
  store: ArtifactStore,
  { documents, campaigns }: Pick<ForgetPlan, 'documents' | 'campaigns'>,
  blobs: readonly string[],
  { who, why, at }: Deed,
  key: SigningKey,
): Promise<void> {
  await inParallel(blobs, DELETES_AT_ONCE, (digest) =>
    putTombstone(store, { digest, cause: 'forgotten', at, actor: who, reason: why }, key),
  );
  const event = { kind: 'forgotten' as const, blobs: [...blobs] };
  for (const campaign of campaigns) {
    const entry = { id: randomUUID(), at, actor: who, reason: why, event };
    await new CampaignLog(store, campaign, key).append([entry], null);
  }
  const keys = [...documents, ...blobs.map(blobKey)];
  await inParallel(keys, DELETES_AT_ONCE, (name) => store.removeDocument(name));
}
