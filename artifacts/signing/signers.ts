import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Signer } from '../../schemas/attestation';
import { canonicalJson } from '../canonicalJson';
import type { PublicKeys } from './envelope';
import { keyIdOf, type SigningKey } from './signingKey';

/**
 * Keys whose signatures count: the roots, and all that they vouch for, one after the other. Without a root all that are
 * published count. Who is published under an id that is not its key's counts in no case.
 */
export function trustedKeys(roots: readonly Signer[], published: readonly Signer[]): PublicKeys {
  const keys = new Map<string, KeyObject>();
  const add = (signer: Signer): boolean => {
    const key = keyOf(signer);
    if (!key) return false;
    keys.set(signer.keyid, key);
    return true;
  };
  for (const signer of roots.length > 0 ? roots : published) add(signer);
  for (let found = true; found; ) {
    const fresh = published.filter((signer) => !keys.has(signer.keyid) && isEndorsed(signer, keys));
    found = fresh.map(add).includes(true);
  }
  return keys;
}

/** The old key vouches for its successor. */
export function endorse(signer: Omit<Signer, 'endorsedBy'>, by: SigningKey): Signer {
  const sig = sign(null, Buffer.from(endorsed(signer)), by.privateKey).toString('base64');
  return { ...signer, endorsedBy: { keyid: by.keyid, sig } };
}

function isEndorsed(signer: Signer, keys: ReadonlyMap<string, KeyObject>): boolean {
  const { endorsedBy } = signer;
  const by = endorsedBy && keys.get(endorsedBy.keyid);
  return Boolean(
    by && verify(null, Buffer.from(endorsed(signer)), by, Buffer.from(endorsedBy.sig, 'base64')),
  );
}

const endorsed = ({ keyid, publicKey, since }: Omit<Signer, 'endorsedBy'>): string =>
  canonicalJson({ keyid, publicKey, since });

function keyOf({ keyid, publicKey }: Signer): KeyObject | null {
  try {
    const key = createPublicKey(publicKey);
    // Of other kinds some cannot verify at all, and none is ever ours.
    return key.asymmetricKeyType === 'ed25519' && keyIdOf(key) === keyid ? key : null;
  } catch {
    return null;
  }
}
