import { signerKey } from '../documentKeys';
import type { Signer } from '../../schemas/attestation';
import type { ArtifactStore } from '../artifactStore';
import type { SigningKey } from './signingKey';

/** Leaves the public half of a key in the bucket, for readers; what is there already stays. */
export async function publishSigner(store: ArtifactStore, { keyid, publicKey }: SigningKey): Promise<void> {
  const signer: Signer = { keyid, publicKey, since: new Date().toISOString(), endorsedBy: null };
  await store.putDocumentOnce(signerKey(keyid), signer);
}
