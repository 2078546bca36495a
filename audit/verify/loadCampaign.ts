import { campaignKey, logFolder, resultKey } from '../../artifacts/documentKeys';
import type { z } from 'zod';
import { blobKey } from '../../artifacts/blobKey';
import type { Bucket } from '../../artifacts/bucket';
import { sha256 } from '../../artifacts/canonicalJson';
import { StorageError } from '../../artifacts/storageError';
import { payloadOf } from '../../artifacts/signing/envelope';
import { Envelope, type LogHead } from '../../schemas/attestation';
import { LogEntry } from '../../schemas/campaignLog';
import { CampaignRecord } from '../../schemas/campaignRecord';
import { Plan, StageResult } from '../../schemas/plan';
import { parseJson, readBlob } from '../readBlob';
import { lastRun, planFollowed } from '../readCampaign';
import { type Manifest, readManifest } from '../readManifest';
import type { Findings } from './findings';

/** An entry that could be read, wherever it stands. */
export interface LoadedEntry {
  key: string;
  head: LogHead;
  envelope: Envelope;
  entry: LogEntry;
}

export interface LoadedStage {
  id: string;
  key: string;
  /** Its result's key in the bucket. */
  resultKey: string;
  result: StageResult;
  /** Null when it cannot be read. */
  manifest: Manifest | null;
  /** The manifest that the log names; null for campaigns without a log. */
  logged: string | null;
}

/** As much of a campaign as can be read; what cannot is a failure already. */
export interface LoadedCampaign {
  id: string;
  log: LoadedEntry[];
  record: CampaignRecord | null;
  planDigest: string | null;
  plan: Plan | null;
  /** True when its data was collected. */
  isDropped: boolean;
  stages: LoadedStage[];
}

/** Name of a stage among what is built on what. */
export const stageNode = (campaign: string, stage: string): string => `campaign ${campaign}: stage ${stage}`;

/** Of the manifest that counts, whether it is there or not. */
export const manifestDigestOf = ({ logged, result }: Pick<LoadedStage, 'logged' | 'result'>): string =>
  logged ?? result.manifest.digest.sha256;

/** Reads all that belongs to a campaign, damaged as it may be. */
export async function loadCampaign(bucket: Bucket, id: string, findings: Findings): Promise<LoadedCampaign> {
  const tolerant = async <T>(object: string, read: () => Promise<T>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      // The check of blobs tells of those that are missing: it knows of tombstones.
      const isMissing = error instanceof StorageError && error.code === 'ARTIFACT_MISSING';
      if (!isMissing) findings.fail(object, messageOf(error));
      return null;
    }
  };
  const document = <S extends z.ZodType>(key: string, schema: S) =>
    tolerant(key, async () => {
      const bytes = await bucket.read(key);
      return bytes && parseJson(bytes, schema, key);
    });

  const log = await loadLog(bucket, id, findings);
  findings.isUsed(logFolder(id), `campaign ${id}`);
  const record = await document(campaignKey(id), CampaignRecord);
  const planDigest = planFollowed(log) ?? record?.plan ?? null;
  const plan =
    planDigest === null
      ? null
      : await tolerant(blobKey(planDigest), async () =>
          parseJson(await readBlob(bucket, planDigest), Plan, `plan ${planDigest}`),
        );
  // Of a campaign whose data was collected, log, plan and manifests stay.
  const isDropped = lastRun(log).some(({ entry }) => entry.event.kind === 'collected');
  const stages: LoadedStage[] = [];
  for (const [stage, { key, manifest: logged }] of finishedStages(log, record)) {
    const object = resultKey(key);
    findings.isUsed(object, stageNode(id, stage));
    const result = await document(object, StageResult);
    if (!result) {
      if (!isDropped && !(await bucket.read(object)))
        findings.fail(object, `The result of stage ${stage} is missing.`);
      continue;
    }
    const digest = manifestDigestOf({ logged, result });
    findings.isUsed(blobKey(digest), stageNode(id, stage));
    const manifest = await tolerant(blobKey(digest), () => readManifest(bucket, digest));
    stages.push({ id: stage, key, resultKey: object, result, manifest, logged });
  }
  if (plan) {
    findings.isUsed(blobKey(planDigest ?? ''), `campaign ${id}`);
    for (const stage of plan.stages) {
      for (const input of Object.values(stage.inputs))
        findings.isUsed(stageNode(id, input.stage), stageNode(id, stage.id));
      if (stage.kind === 'compareEvaluations')
        findings.isUsed(stageNode(id, stage.id), `campaign ${id}: results`);
    }
  }
  return { id, log, record, planDigest, plan, isDropped, stages };
}

async function loadLog(bucket: Bucket, id: string, findings: Findings): Promise<LoadedEntry[]> {
  const log: LoadedEntry[] = [];
  for (const key of await bucket.list(logFolder(id))) {
    const bytes = await bucket.read(key);
    if (!bytes) continue;
    try {
      const envelope = parseJson(bytes, Envelope, key);
      const entry = parseJson(payloadOf(envelope), LogEntry, key);
      const number = Number(/(\d+)\.json$/.exec(key)?.[1]);
      log.push({ key, head: { number, digest: sha256(bytes) }, envelope, entry });
    } catch (error) {
      findings.fail(key, messageOf(error));
    }
    findings.isUsed(key, `campaign ${id}`);
  }
  return log;
}

function finishedStages(
  log: readonly LoadedEntry[],
  record: CampaignRecord | null,
): Map<string, { key: string; manifest: string | null }> {
  if (log.length === 0)
    return new Map((record?.stages ?? []).map(({ id, key }) => [id, { key, manifest: null }]));
  return new Map(
    lastRun(log).flatMap(({ entry: { event } }) =>
      event.kind === 'stage-finished'
        ? [[event.stage, { key: event.key, manifest: event.manifest }] as const]
        : [],
    ),
  );
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
