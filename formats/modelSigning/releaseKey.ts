import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { keptKey } from '../../artifacts/signing/keptKey';
import { SigningKeyError } from '../../artifacts/signing/signingKeyError';

/** A P-256 key that signs released folders: OpenSSF's model signatures know no Ed25519. */
export interface ReleaseKey {
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
  /** ECDSA over SHA-256 with RFC 6979's nonce, in DER: the same bytes give the same signature. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** The key in a file; made there, readable by its owner alone, when there is none. Errors: SigningKeyError. */
export function openReleaseKey(file: string): ReleaseKey {
  return readReleaseKey(keptKey(file, newReleaseKeyPem), `file ${file}`);
}

/** @param pem PKCS#8 or SEC 1. Errors: SigningKeyError when it is no P-256 key. */
export function readReleaseKey(pem: string, from: string): ReleaseKey {
  const key = parse(pem, from);
  const { crv, d } = key.export({ format: 'jwk' });
  if (crv !== 'P-256' || d === undefined) {
    throw new SigningKeyError(
      `The release key of ${from} is no P-256 key. Make one: openssl ecparam -name prime256v1 -genkey -noout.`,
    );
  }
  const secret = Buffer.from(d, 'base64url');
  return {
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => p256.sign(sha256(bytes), secret).toBytes('der'),
  };
}

const newReleaseKeyPem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

function parse(pem: string, from: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new SigningKeyError(`The release key of ${from} is no private key in PEM.`, { cause });
  }
}
