import { sign, verify } from 'node:crypto';
import type { Envelope } from '../../schemas/attestation';
import type { SigningKey } from './signingKey';

/** Payload types of what we sign. */
export const PAYLOAD_TYPES = {
  statement: 'application/vnd.in-toto+json',
  logEntry: 'application/vnd.pi-loop.log-entry.v1+json',
  tombstone: 'application/vnd.pi-loop.tombstone.v1+json',
} as const;

/** DSSE's pre-authentication encoding (protocol.md): what is signed. */
export function preAuthentication(payloadType: string, payload: Buffer): Buffer {
  const header = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(header), payload]);
}

/** Signs a text. Ed25519 is deterministic: the same text gives the same envelope. */
export function signText(text: string, payloadType: string, key: SigningKey): Envelope {
  const payload = Buffer.from(text);
  const sig = sign(null, preAuthentication(payloadType, payload), key.privateKey);
  return {
    payload: payload.toString('base64'),
    payloadType,
    signatures: [{ keyid: key.keyid, sig: sig.toString('base64') }],
  };
}

export const payloadOf = ({ payload }: Envelope): string => Buffer.from(payload, 'base64').toString('utf8');

/** Public keys by key id. */
export type PublicKeys = ReadonlyMap<string, Parameters<typeof verify>[2]>;

/** The id of the first of these keys that signed the envelope; null when none of them did. */
export function signerOf({ payload, payloadType, signatures }: Envelope, keys: PublicKeys): string | null {
  const signed = preAuthentication(payloadType, Buffer.from(payload, 'base64'));
  const good = signatures.find(({ keyid, sig }) => {
    const key = keys.get(keyid);
    return key !== undefined && verify(null, signed, key, Buffer.from(sig, 'base64'));
  });
  return good?.keyid ?? null;
}
