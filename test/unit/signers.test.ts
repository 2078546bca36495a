import { generateKeyPairSync } from 'node:crypto';
import { signText, signerOf } from '../../artifacts/signing/envelope';
import { endorse, trustedKeys } from '../../artifacts/signing/signers';
import {
  keyIdOf,
  newSigningKeyPem,
  readSigningKey,
  type SigningKey,
} from '../../artifacts/signing/signingKey';
import type { Signer } from '../../schemas/attestation';

const newKey = (): SigningKey => readSigningKey(newSigningKeyPem(), 'a test');
const signer = ({ keyid, publicKey }: SigningKey): Signer => ({
  keyid,
  publicKey,
  since: '2026-01-01T00:00:00Z',
  endorsedBy: null,
});
const [first, second, third, foreign] = [newKey(), newKey(), newKey(), newKey()] as const;
const trusts = (roots: Signer[], published: Signer[], key: SigningKey): boolean =>
  signerOf(signText('{}', 'application/json', key), trustedKeys(roots, published)) === key.keyid;

test('a key is trusted that a trusted key vouches for, over any number of rotations', () => {
  const published = [endorse(signer(third), second), signer(foreign), endorse(signer(second), first)];
  expect(trusts([signer(first)], published, third)).toBe(true);
  expect(trusts([signer(first)], published, foreign)).toBe(false);
});

test('a published key that nobody trusted vouches for is not trusted, nor one with a borrowed endorsement', () => {
  const borrowed = { ...signer(foreign), endorsedBy: endorse(signer(second), first).endorsedBy };
  expect(trusts([signer(first)], [borrowed, endorse(signer(third), foreign)], foreign)).toBe(false);
  expect(trusts([signer(first)], [borrowed, endorse(signer(third), foreign)], third)).toBe(false);
});

test('a key that is published under the id of another is not trusted', () => {
  expect(trusts([], [{ ...signer(foreign), keyid: first.keyid }], foreign)).toBe(false);
});

test('without a root the published keys have to do', () => {
  expect(trusts([], [signer(first)], first)).toBe(true);
});

test('a published key of another kind is not trusted, and does not stop the verification', () => {
  const { publicKey } = generateKeyPairSync('x25519');
  const keyid = keyIdOf(publicKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const keys = trustedKeys([], [{ ...signer(first), keyid, publicKey: pem }]);
  const envelope = signText('{}', 'application/json', first);
  const claimed = envelope.signatures.map((one) => ({ ...one, keyid }));
  expect(signerOf({ ...envelope, signatures: claimed }, keys)).toBeNull();
});
