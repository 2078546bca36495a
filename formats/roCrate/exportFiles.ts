import { SIGNERS_FOLDER, TOMBSTONES_FOLDER, campaignKey, resultKey } from '../../artifacts/documentKeys';
import { canonicalJson } from '../../artifacts/canonicalJson';
import type { Bucket } from '../../artifacts/bucket';
import { blobKey } from '../../artifacts/artifactStore';
import { batchObjects } from '../../audit/batchObjects';
import { reachableBlobs } from '../../audit/reachable';
import type { AuditedCampaign } from '../../audit/readCampaign';
import { checksums, type FolderFile, sorted } from '../folder';
import { METADATA_FILE, roCrate } from './roCrate';
import { verifyGuide } from './verifyGuide';

/** By it a folder is known as an export. */
export const CHECKSUMS_FILE = 'SHA256SUMS';

/**
 * Everything of a campaign that a bucket holds, where the bucket has it, as an RO-Crate that can be checked without the
 * bucket. Errors: STORAGE_*.
 */
export async function exportFiles(bucket: Bucket, campaign: AuditedCampaign): Promise<FolderFile[]> {
  const keys = [
    ...(await bucket.list(campaignKey(campaign.id))),
    ...(await bucket.list(`campaigns/${campaign.id}/`)),
    ...campaign.stages.map(({ key }) => resultKey(key)),
    ...(await batchObjects(bucket, campaign)),
    ...(await bucket.list(SIGNERS_FOLDER)),
    ...(await bucket.list(TOMBSTONES_FOLDER)),
  ];
  const documents = await Promise.all(
    [...new Set(keys)].map(async (path) => ({
      path,
      text: (await bucket.read(path))?.toString('utf8') ?? '',
    })),
  );
  const roots = [campaign.plan.digest, ...documents.map(({ text }) => text)];
  const blobs = await reachableBlobs(
    bucket,
    roots.map((text) => Buffer.from(text)),
  );
  const head = campaign.log.at(-1)?.head;
  const content: FolderFile[] = [
    ...documents,
    ...blobs.map((digest) => ({ path: blobKey(digest), blob: digest })),
    { path: 'VERIFY.md', text: verifyGuide(campaign.id, head ? `${head.number}:${head.digest}` : null) },
  ];
  const described = [
    ...content,
    { path: METADATA_FILE, text: `${canonicalJson(roCrate(campaign, content))}\n` },
  ];
  return sorted([...described, { path: CHECKSUMS_FILE, text: checksums(described) }]);
}
