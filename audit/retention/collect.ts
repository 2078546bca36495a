import { randomUUID } from 'node:crypto';
import { type ArtifactStore, blobKey } from '../../artifacts/artifactStore';
import { CampaignLog } from '../../artifacts/campaignLog';
import type { SigningKey } from '../../artifacts/signing/signingKey';
import { inParallel } from '../../domain/inParallel';
import type { CollectionPlan } from './collectionPlan';
import { putTombstone } from './tombstones';

export interface Deed {
  who: string;
  why: string;
  at: string;
}

const DELETES_AT_ONCE = 16;

/**
 * Deletes what a plan says: first it is said in tombstones and logs, then the documents go, then the blobs, so that
 * whatever stops it leaves nothing that names what is gone without a word. Errors: STORAGE_*.
 */
export async function collect(
  store: ArtifactStore,
  plan: CollectionPlan,
  { who, why, at }: Deed,
  key: SigningKey,
): Promise<void> {
  await inParallel(plan.tombstones, DELETES_AT_ONCE, (digest) =>
    putTombstone(store, { digest, cause: 'collected', at, actor: who, reason: why }, key),
  );
  for (const campaign of plan.drop) {
    const event = { kind: 'collected' as const, plan: plan.digest, blobs: plan.tombstones.length };
    await new CampaignLog(store, campaign, key).append(
      [{ id: randomUUID(), at, actor: who, reason: why, event }],
      null,
    );
  }
  const isBlob = (name: string) => name.startsWith(blobKey(''));
  const keys = plan.gone.map((one) => one.key);
  for (const group of [keys.filter((name) => !isBlob(name)), keys.filter(isBlob)])
    await inParallel(group, DELETES_AT_ONCE, (name) => store.removeDocument(name));
}
