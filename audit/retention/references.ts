import { payloadOf } from '../../artifacts/signing/envelope';
import { DirectoryListing } from '../../schemas/artifact';
import { Envelope } from '../../schemas/attestation';
import { CollectedEpisode } from '../../schemas/episode';

/** Digests that an object names. */
export interface References {
  /** May name others in turn. */
  follow: string[];
  /** Name nothing that must be kept for them: files of a folder, episodes and ratings of an index. */
  leaves: string[];
}

/**
 * All that stands in an object and looks like a digest, signed payloads included. That may be too much, which keeps too
 * much, and needs no knowledge of forms that are yet to come.
 */
export function referencesOf(bytes: Buffer): References {
  const text = bytes.toString('latin1');
  const value = jsonOf(text);
  const listing = DirectoryListing.safeParse(value).data;
  if (listing) return { follow: [], leaves: listing.files.map(({ sha256 }) => sha256) };
  const envelope = Envelope.safeParse(value).data;
  if (envelope) return { follow: digestsIn(payloadOf(envelope) + text), leaves: [] };
  return isIndex(text) ? { follow: [], leaves: digestsIn(text) } : { follow: digestsIn(text), leaves: [] };
}

const digestsIn = (text: string): string[] => [
  ...new Set(text.match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)),
];

const isIndex = (text: string): boolean =>
  CollectedEpisode.safeParse(jsonOf(text.slice(0, Math.max(0, text.indexOf('\n'))))).success;

function jsonOf(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
