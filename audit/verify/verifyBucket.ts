import type { Bucket } from '../../artifacts/bucket';
import type { PublicKeys } from '../../artifacts/signing/envelope';
import { trustedKeys } from '../../artifacts/signing/signers';
import { Signer, type LogHead } from '../../schemas/attestation';
import { parseJson } from '../readBlob';
import { listCampaigns } from '../readCampaign';
import { checkBlobs } from './checkBlobs';
import { checkCalls } from './checkCalls';
import { checkFilters } from './checkFilters';
import { checkLog } from './checkLog';
import { checkPlan } from './checkPlan';
import { checkIndexes, checkStatistics } from './checkScores';
import { checkSignatures } from './checkSignatures';
import { type CheckSummary, type Explained, type Failure, Findings } from './findings';
import { loadCampaign, messageOf } from './loadCampaign';

export interface VerifyOptions {
  /** All of the bucket when none is named. */
  campaigns?: readonly string[] | undefined;
  /** Signers that are trusted for reasons outside of the bucket; empty: the bucket's own are taken, which proves less. */
  roots: readonly Signer[];
  /** A place in the log of the one campaign that is verified, noted outside of the bucket. */
  head?: LogHead | undefined;
  /** Accept manifests of releases before 0.3.0. */
  allowUnsigned?: boolean | undefined;
  onCheck?: (name: string) => void;
}

export interface Verification {
  campaigns: string[];
  /** False when the bucket's own signers had to do. */
  trusted: boolean;
  checks: CheckSummary[];
  failures: Failure[];
  /** Blobs that are gone, with the signed reason. */
  explained: Explained[];
  /** Bytes of blobs that were hashed. */
  bytes: number;
  seconds: number;
}

/** Checks all that can be checked of campaigns from their bucket alone. What is damaged is a failure, never an error. */
export async function verifyBucket(
  bucket: Bucket,
  { roots, head, allowUnsigned = false, onCheck, ...asked }: VerifyOptions,
): Promise<Verification> {
  const began = performance.now();
  const findings = new Findings();
  const check = (name: string, run: () => Promise<void> | void) => {
    onCheck?.(name);
    return findings.check(name, run);
  };
  const ids = asked.campaigns ?? (await listCampaigns(bucket));
  const campaigns: Awaited<ReturnType<typeof loadCampaign>>[] = [];
  let trusted: PublicKeys = new Map();
  let bytes = 0;
  await check('documents', async () => {
    for (const id of ids) campaigns.push(await loadCampaign(bucket, id, findings));
    trusted = trustedKeys(roots, await publishedSigners(bucket, findings));
    findings.looked(campaigns.length);
    for (const { id, plan, log, record } of campaigns)
      if (!plan && log.length === 0 && !record)
        findings.fail(`campaigns/${id}`, 'There is neither a log nor a record of it.');
  });
  await check('signatures', () => {
    for (const campaign of campaigns) checkSignatures(campaign, trusted, allowUnsigned, findings);
  });
  await check('log', () => {
    for (const campaign of campaigns) checkLog(campaign, head ?? null, findings);
  });
  await check('plan', () => {
    for (const campaign of campaigns) checkPlan(campaign, findings);
  });
  await check('blobs', async () => {
    bytes = await checkBlobs(campaigns, { bucket, findings, trusted });
  });
  await check('episodes and ratings', async () => {
    for (const campaign of campaigns) await checkIndexes(bucket, campaign, findings);
  });
  await check('filters and training rows', async () => {
    for (const campaign of campaigns) await checkFilters(bucket, campaign, findings);
  });
  await check('statistics', async () => {
    for (const campaign of campaigns) await checkStatistics(bucket, campaign, findings);
  });
  await check('limit of calls', async () => {
    for (const campaign of campaigns) await checkCalls(bucket, campaign, findings);
  });
  return {
    campaigns: [...ids],
    trusted: roots.length > 0,
    checks: findings.checks,
    failures: findings.failures,
    explained: findings.explained,
    bytes,
    seconds: (performance.now() - began) / 1000,
  };
}

async function publishedSigners(bucket: Bucket, findings: Findings): Promise<Signer[]> {
  const signers: Signer[] = [];
  for (const key of await bucket.list('signers/')) {
    try {
      const bytes = await bucket.read(key);
      if (bytes) signers.push(parseJson(bytes, Signer, key));
    } catch (error) {
      findings.fail(key, messageOf(error));
    }
  }
  return signers;
}
