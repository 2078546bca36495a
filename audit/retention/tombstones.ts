import { tombstoneKey } from '../../artifacts/documentKeys';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { PAYLOAD_TYPES, signText } from '../../artifacts/signing/envelope';
import type { SigningKey } from '../../artifacts/signing/signingKey';
import type { Tombstone } from '../../schemas/campaignLog';

/** Says in the bucket why a blob is no more; what was said first stays. */
export async function putTombstone(
  store: ArtifactStore,
  tombstone: Tombstone,
  key: SigningKey,
): Promise<void> {
  const envelope = signText(canonicalJson(tombstone), PAYLOAD_TYPES.tombstone, key);
  await store.putDocumentOnce(tombstoneKey(tombstone.digest), envelope);
}
