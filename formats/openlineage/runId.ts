import { createHash } from 'node:crypto';

/** Namespace of our run ids (RFC 9562, version 5): that of URLs, with ours. */
const NAMESPACE = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');

/** A version 5 UUID of the parts: the same run has the same id in every export. */
export function runId(...parts: readonly string[]): string {
  const name = JSON.stringify(['https://pi-loop.dev/openlineage/run', ...parts]);
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
