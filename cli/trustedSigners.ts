import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../audit/readBlob';
import { readSigningKey, type SigningKey } from '../artifacts/signing/signingKey';
import { Signer } from '../schemas/attestation';
import { CommandError } from './commandError';

/** Public keys that were in use before, beside the present private one. */
export const signersFile = (state: string): string => join(resolve(state), 'signers.json');
export const signingKeyFile = (state: string): string =>
  process.env['PI_LOOP_SIGNING_KEY_FILE'] ?? join(resolve(state), 'signing-key.pem');

/**
 * Signers that are trusted for a reason outside of the bucket: those of a file; else the local runtime's own, past and
 * present. Errors: CommandError when the file cannot be used.
 */
export function trustedSigners({
  state,
  signers,
}: {
  state: string;
  signers?: string | undefined;
}): Signer[] {
  if (signers !== undefined) {
    const named = readSigners(signers);
    if (named.length > 0) return named;
    throw new CommandError(`There is no signer in ${signers}: nobody would be trusted.`, { exitCode: 2 });
  }
  const past = existsSync(signersFile(state)) ? readSigners(signersFile(state)) : [];
  const own = ownKey(state);
  return own ? [...past, signerOfKey(own)] : past;
}

/** The private key of this machine, where there is one. It is never made here. */
export function ownKey(state: string): SigningKey | null {
  const pem = process.env['PI_LOOP_SIGNING_KEY'];
  if (pem) return readSigningKey(pem, 'variable PI_LOOP_SIGNING_KEY');
  const file = signingKeyFile(state);
  return existsSync(file) ? readSigningKey(readFileSync(file, 'utf8'), `file ${file}`) : null;
}

export const signerOfKey = ({ keyid, publicKey }: SigningKey, since = ''): Signer => ({
  keyid,
  publicKey,
  since,
  endorsedBy: null,
});

export function readSigners(file: string): Signer[] {
  try {
    return parseJson(readFileSync(file), z.array(Signer), file);
  } catch (error) {
    throw new CommandError(
      `The signers in ${file} cannot be read: ${(error as Error).message} \`pi-loop keys list --json\` writes such a file.`,
      { cause: error },
    );
  }
}
