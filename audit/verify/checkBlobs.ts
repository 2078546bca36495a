import { campaignKey, tombstoneKey } from '../../artifacts/documentKeys';
import { blobKey } from '../../artifacts/blobKey';
import { LARGE_FILE_BYTES } from '../../artifacts/streams';
import { StorageError } from '../../artifacts/storageError';
import type { Bucket } from '../../artifacts/bucket';
import { type PublicKeys, payloadOf, signerOf } from '../../artifacts/signing/envelope';
import { inParallel } from '../../domain/inParallel';
import { Envelope } from '../../schemas/attestation';
import { Tombstone } from '../../schemas/campaignLog';
import { parseJson } from '../readBlob';
import { readBy } from '../readManifest';
import type { Collection } from './collections';
import type { Findings } from './findings';
import { type LoadedCampaign, manifestDigestOf, messageOf, stageNode } from './loadCampaign';
import type { VerifiedBlobs } from './verifiedBlobs';

const READS_AT_ONCE = 16;

/** References to artifacts in canonical JSON, and the files of a folder's listing. */
const REFERENCE = /"sha256":"([0-9a-f]{64})"/g;
/** A file in a folder's listing: its size and digest. */
const FILE = /"bytes":(\d+),"name":"(?:[^"\\]|\\.)*","sha256":"([0-9a-f]{64})"/g;
/** An index row's episode and rating. */
const ROW = /"(?:episode|rating)":"([0-9a-f]{64})"/g;

interface Reading {
  bucket: Bucket;
  blobs: VerifiedBlobs;
  /** Their batches name indexes. */
  collections: readonly Collection[];
  findings: Findings;
  /** Null: nobody's tombstones are believed. */
  trusted: PublicKeys | null;
}

/** Every blob that a campaign names is there, and its bytes are those of its name; so is every blob that another check asked for. */
export async function checkBlobs(campaigns: readonly LoadedCampaign[], reading: Reading): Promise<void> {
  const { blobs, findings, collections } = reading;
  const seen = new Set<string>();
  const large = new Set<string>();
  let next = [
    ...campaigns.flatMap((campaign) => namedBy(campaign, findings)),
    ...collections.flatMap(({ batches }) => batches.map(({ finished }) => finished.index.digest.sha256)),
    // Where a check gave up for want of a blob, this is what says so.
    ...blobs.unreadable,
  ];
  while (next.length > 0) {
    const fresh = [...new Set(next)].filter((digest) => !seen.has(digest));
    for (const digest of fresh) seen.add(digest);
    next = (
      await inParallel(fresh, READS_AT_ONCE, (digest) => checkBlob(digest, { ...reading, seen, large }))
    ).flat();
  }
}

interface Walk extends Reading {
  /** Gets the digests of episodes and ratings that were read already: these name nothing. */
  seen: Set<string>;
  /** Gets the digests of files that are too large to be held: these name nothing either. */
  large: Set<string>;
}

/** @returns what it names */
async function checkBlob(digest: string, walk: Walk): Promise<string[]> {
  const { bucket, blobs, findings, seen, large } = walk;
  findings.looked();
  let blob: Buffer | null = null;
  try {
    blob = large.has(digest) ? await blobs.check(digest) : await blobs.read(digest);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code === 'ARTIFACT_MISSING') await explain(digest, walk);
    else if (error.code === 'ARTIFACT_CORRUPT') findings.fail(blobKey(digest), messageOf(error));
    else throw error;
    // What a damaged document still names is built on, too.
    if (error.code === 'ARTIFACT_CORRUPT' && !large.has(digest)) blob = await bucket.read(blobKey(digest));
  }
  const text = blob && isJson(blob) ? blob.toString('utf8') : '';
  const found = digestsIn(text);
  for (const [, bytes, file] of text.matchAll(FILE))
    if (file && Number(bytes) > LARGE_FILE_BYTES) large.add(file);
  for (const one of found) findings.isUsed(blobKey(one), blobKey(digest));
  const leaves = new Set([...text.matchAll(ROW)].flatMap(([, leaf]) => leaf ?? []));
  for (const leaf of leaves) {
    if (seen.has(leaf) || !blobs.verified.has(leaf)) continue;
    seen.add(leaf);
    findings.looked();
  }
  return found;
}

/** What the campaign's documents, manifests and log name. */
function namedBy({ id, log, record, planDigest, stages }: LoadedCampaign, findings: Findings): string[] {
  const use = (digests: readonly string[], user: string): string[] => {
    for (const digest of digests) findings.isUsed(blobKey(digest), user);
    return [...digests];
  };
  return [
    ...use(planDigest ? [planDigest] : [], `campaign ${id}`),
    ...use(digestsIn(JSON.stringify(record ?? {})), campaignKey(id)),
    ...log.flatMap(({ entry: { event } }) =>
      event.kind === 'histories-archived'
        ? use(
            event.histories.map(({ history }) => history.digest.sha256),
            `campaign ${id}`,
          )
        : [],
    ),
    ...stages.flatMap((loaded) => {
      const { manifest, result } = loaded;
      const node = stageNode(id, loaded.id);
      const outputs = Object.values(result.outputs).map(({ digest }) => digest.sha256);
      const signed = manifest?.statement.subject.flatMap(({ digest }) =>
        'sha256' in digest ? [digest.sha256] : [],
      );
      const read = manifest ? readBy(manifest.statement).map(({ digest }) => digest) : [];
      return use([...outputs, ...(signed ?? []), ...read, manifestDigestOf(loaded)], node);
    }),
  ];
}

const digestsIn = (text: string): string[] =>
  [...text.matchAll(REFERENCE), ...text.matchAll(ROW)].flatMap(([, digest]) => digest ?? []);

/** Weights and tables of other programs name nothing. */
const isJson = (bytes: Buffer): boolean => bytes[0] === 0x7b || bytes[0] === 0x5b;

/** A blob that is gone is no failure where somebody trusted has said why. */
async function explain(digest: string, { bucket, findings, trusted }: Reading): Promise<void> {
  const key = tombstoneKey(digest);
  const bytes = await bucket.read(key);
  if (!bytes) return findings.fail(blobKey(digest), 'It is missing.');
  try {
    const envelope = parseJson(bytes, Envelope, key);
    const tombstone = parseJson(payloadOf(envelope), Tombstone, key);
    const isOurs = trusted !== null && signerOf(envelope, trusted) !== null && tombstone.digest === digest;
    if (isOurs) findings.explained.push({ digest, cause: tombstone.cause, reason: tombstone.reason });
    else
      findings.fail(key, `It explains why ${blobKey(digest)} is missing, and nobody trusted has signed it.`);
  } catch {
    findings.fail(key, `It is no tombstone, and ${blobKey(digest)} is missing.`);
  }
}
