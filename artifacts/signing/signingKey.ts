import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { sha256 } from '../canonicalJson';
import { keptKey } from './keptKey';
import { SigningKeyError } from './signingKeyError';

/** An Ed25519 key that signs manifests and log entries. */
export interface SigningKey {
  privateKey: KeyObject;
  keyid: string;
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
}

/** @param pem PKCS#8. Errors: SigningKeyError when it is no Ed25519 key. */
export function readSigningKey(pem: string, from: string): SigningKey {
  const privateKey = parse(pem, from);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new SigningKeyError(
      `The signing key of ${from} is of type ${privateKey.asymmetricKeyType}. Make an Ed25519 key: openssl genpkey -algorithm ed25519.`,
    );
  }
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey,
    keyid: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

export interface KeyLocation {
  /** PEM (PKCS#8). */
  PI_LOOP_SIGNING_KEY?: string | undefined;
  PI_LOOP_SIGNING_KEY_FILE: string;
}

/** The key that the environment holds, else that of the file it names. Errors: SigningKeyError. */
export const signingKeyOf = ({
  PI_LOOP_SIGNING_KEY: pem,
  PI_LOOP_SIGNING_KEY_FILE: file,
}: KeyLocation): SigningKey =>
  pem === undefined ? openSigningKey(file) : readSigningKey(pem, 'variable PI_LOOP_SIGNING_KEY');

/** SHA-256 of the key's SubjectPublicKeyInfo. */
export const keyIdOf = (publicKey: KeyObject): string =>
  sha256(publicKey.export({ type: 'spki', format: 'der' }));

/** The key in a file; made there, readable by its owner alone, when there is none. Errors: SigningKeyError. */
export function openSigningKey(file: string): SigningKey {
  return readSigningKey(keptKey(file, newSigningKeyPem), `file ${file}`);
}

export const newSigningKeyPem = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function parse(pem: string, from: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new SigningKeyError(`The signing key of ${from} is no private key in PEM (PKCS#8).`, { cause });
  }
}
