import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SigningKeyError } from './signingKeyError';

/** The private key in a file; made there, readable by its owner alone, when there is none. Errors: SigningKeyError. */
export function keptKey(file: string, newKeyPem: () => string): string {
  return readIfThere(file) ?? make(file, newKeyPem);
}

/** Of several processes that make it at once one wins, and a half-written key is never seen. */
function make(file: string, newKeyPem: () => string): string {
  mkdirSync(dirname(file), { recursive: true });
  const incoming = `${file}.${process.pid}`;
  writeFileSync(incoming, newKeyPem(), { mode: 0o600 });
  chmodSync(incoming, 0o600);
  try {
    linkSync(incoming, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(incoming);
  }
  return readFileSync(file, 'utf8');
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new SigningKeyError(`The key ${file} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
