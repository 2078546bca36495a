/** Where things are: the checkout, and the cache that all checkouts of a user share. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** Binaries and environments, each in a folder named after the digest of what pins it. */
export const CACHE = path.resolve(
  process.env.PI_LOOP_CACHE ??
    path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'pi-loop'),
);

/** What setup provided for this checkout: paths by tool. Read by deploy/local/tools.ts. */
export const TOOLS_FILE = path.join(ROOT, 'node_modules/.cache/pi-loop/tools.json');

/** Short digest that names a cache entry. @param {...(string | Uint8Array)} parts */
export function digestOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** @param {string} relative path inside the checkout */
export function readInCheckout(relative) {
  return readFileSync(path.join(ROOT, relative));
}

/** Binaries differ by it. */
export const PLATFORM = `${process.platform}-${process.arch}`;
