import { SIGNERS_FOLDER } from '../../artifacts/documentKeys';
import type { Bucket } from '../../artifacts/bucket';
import type { PublicKeys } from '../../artifacts/signing/envelope';
import { trustedKeys } from '../../artifacts/signing/signers';
import { Signer, type LogHead } from '../../schemas/attestation';
import { parseJson } from '../readBlob';
import { listCampaigns } from '../readCampaign';
import { checkBlobs } from './checkBlobs';
import { checkCalls } from './checkCalls';
import { checkEpisodes, type CheckedEpisodes } from './checkEpisodes';
import { checkFilters } from './checkFilters';
import { checkHeads } from './checkHeads';
import { checkLog } from './checkLog';
import { checkPlan } from './checkPlan';
import { checkStatistics } from './checkScores';
import { checkSigners, checkSignatures } from './checkSignatures';
import { checkTasks } from './checkTasks';
import { checkUnlogged } from './checkUnlogged';
import { examineHere, type Examiner } from './examiner';
import { type CheckSummary, type Explained, type Failure, Findings } from './findings';
import { loadCampaign, messageOf } from './loadCampaign';
import { VerifiedBlobs } from './verifiedBlobs';

export interface VerifyOptions {
  /** All of the bucket when none is named. */
  campaigns?: readonly string[] | undefined;
  /** Signers that are trusted for reasons outside of the bucket; empty: the bucket's own are taken, which proves less. */
  roots: readonly Signer[];
  /** A place in the log of the one campaign that is verified, noted outside of the bucket. */
  head?: LogHead | undefined;
  /** Accept manifests of releases before 0.3.0. */
  allowUnsigned?: boolean | undefined;
  /** Default: in this thread. The caller closes it. */
  examiner?: Examiner;
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
  { roots, head, allowUnsigned = false, examiner = examineHere(bucket), onCheck, ...asked }: VerifyOptions,
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
  const blobs = new VerifiedBlobs(bucket);
  let published: Signer[] = [];
  let episodes: CheckedEpisodes = { collections: [], recorded: new Map() };
  await check('documents', async () => {
    for (const id of ids) campaigns.push(await loadCampaign(bucket, id, findings));
    published = await publishedSigners(bucket, findings);
    trusted = trustedKeys(roots, published);
    findings.looked(campaigns.length);
    for (const { id, plan, log, record } of campaigns)
      if (!plan && log.length === 0 && !record)
        findings.fail(`campaigns/${id}`, 'There is neither a log nor a record of it.');
  });
  await check('signatures', () => {
    checkSigners(published, trusted, findings);
    for (const campaign of campaigns) checkSignatures(campaign, trusted, allowUnsigned, findings);
  });
  await check('log', async () => {
    for (const campaign of campaigns) checkLog(campaign, head ?? null, findings);
    await checkHeads(bucket, campaigns, findings);
    await checkUnlogged(bucket, campaigns, findings);
  });
  await check('plan', () => {
    for (const campaign of campaigns) checkPlan(campaign, findings);
  });
  await check('episodes and ratings', async () => {
    episodes = await checkEpisodes(bucket, campaigns, { blobs, examiner, findings });
  });
  const { collections, recorded } = episodes;
  await check('tasks', async () => {
    for (const campaign of campaigns) await checkTasks(campaign, blobs, findings);
  });
  await check('filters and training rows', async () => {
    for (const campaign of campaigns)
      await checkFilters(campaign, { blobs, examiner, findings, collections });
  });
  await check('statistics', async () => {
    for (const campaign of campaigns) await checkStatistics(campaign, { blobs, findings, collections });
  });
  await check('limit of calls', async () => {
    for (const campaign of campaigns) await checkCalls(bucket, campaign, recorded, blobs, findings);
  });
  // Last: it tells of all that the others could not read, too.
  await check('blobs', () => checkBlobs(campaigns, { bucket, blobs, findings, trusted, collections }));
  return {
    campaigns: [...ids],
    trusted: roots.length > 0,
    checks: findings.checks,
    failures: findings.failures,
    explained: findings.explained,
    bytes: blobs.bytes,
    seconds: (performance.now() - began) / 1000,
  };
}

async function publishedSigners(bucket: Bucket, findings: Findings): Promise<Signer[]> {
  const signers: Signer[] = [];
  for (const key of await bucket.list(SIGNERS_FOLDER)) {
    try {
      const bytes = await bucket.read(key);
      if (bytes) signers.push(parseJson(bytes, Signer, key));
    } catch (error) {
      findings.fail(key, messageOf(error));
    }
  }
  return signers;
}
