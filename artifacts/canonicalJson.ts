import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** JSON after RFC 8785: the same value always gives the same bytes. Undefined members are left out. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('a value without JSON form cannot be stored');
  return text;
}

export const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

export const digestOfJson = (value: unknown): string => sha256(canonicalJson(value));

/** Undefined when it is no JSON, which no schema accepts that we use. */
export function jsonIn(json: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof json === 'string' ? json : Buffer.from(json).toString('utf8'));
  } catch {
    return undefined;
  }
}
