import { campaignKey, resultKey } from '../artifacts/documentKeys';
import { readLog, type StoredEntry } from '../artifacts/campaignLog';
import type { Bucket } from '../artifacts/bucket';
import { StorageError } from '../artifacts/storageError';
import { CampaignRecord } from '../schemas/campaignRecord';
import { Plan, StageResult } from '../schemas/plan';
import { readDocument, readJsonBlob } from './readBlob';
import { kindOf, type Manifest, readManifest } from './readManifest';

/** A finished stage, with the manifest that says how it was made. */
export interface AuditedStage {
  id: string;
  kind: string;
  key: string;
  /** True when the campaign found its result made already. */
  reused: boolean;
  result: StageResult;
  manifest: Manifest;
}

/** A campaign as its bucket tells of it, running, finished or stopped. */
export interface AuditedCampaign {
  id: string;
  /** Null until it has finished. */
  record: CampaignRecord | null;
  /** All of it, earlier runs under the same id included. Empty for campaigns of 0.2.0. */
  log: StoredEntry[];
  /** The plan that is followed now, or was followed last. */
  plan: { digest: string; plan: Plan };
  /** Of that plan, in its order; those that have not finished are missing. */
  stages: AuditedStage[];
}

/** Ids of all campaigns of a bucket that have a log or have finished. */
export async function listCampaigns(bucket: Bucket): Promise<string[]> {
  const keys = await bucket.list('campaigns/');
  const ids = keys.flatMap((key) => /^campaigns\/([^/]+?)(?:\.json|\/log\/\d+\.json)$/.exec(key)?.[1] ?? []);
  return [...new Set(ids)].sort();
}

/** Errors: ARTIFACT_MISSING when the bucket has no such campaign, or lacks what it names; ARTIFACT_CORRUPT. */
export async function readCampaign(bucket: Bucket, id: string): Promise<AuditedCampaign> {
  const record = await readDocument(bucket, campaignKey(id), CampaignRecord);
  const log = await readLog(bucket, id);
  const digest = planFollowed(log) ?? record?.plan;
  if (digest === undefined) {
    const known = await listCampaigns(bucket);
    throw new StorageError(
      'ARTIFACT_MISSING',
      `${bucket.address} has no campaign "${id}". ${known.length > 0 ? `It has ${known.join(', ')}.` : 'It has none.'}`,
    );
  }
  const plan = await readJsonBlob(bucket, digest, Plan);
  const finished = finishedStages(log, record);
  const stages = await Promise.all(
    plan.stages.flatMap(({ id: stage }) => {
      const found = finished.get(stage);
      return found ? [readStage(bucket, { id: stage, ...found })] : [];
    }),
  );
  return { id, record, log, plan: { digest, plan }, stages };
}

/** Entries since the campaign was started last under its id. */
export function lastRun<E extends Pick<StoredEntry, 'entry'>>(log: readonly E[]): E[] {
  const started = log.findLastIndex(({ entry }) => entry.event.kind === 'campaign-started');
  return log.slice(Math.max(0, started));
}

/** The plan that the campaign was started with last, or was amended to since; undefined without a log. */
export function planFollowed(log: readonly Pick<StoredEntry, 'entry'>[]): string | undefined {
  return lastRun(log)
    .flatMap(({ entry: { event } }) => {
      if (event.kind === 'campaign-started') return event.plan;
      return event.kind === 'steering' && !event.record.refused ? (event.record.plan ?? []) : [];
    })
    .at(-1);
}

interface Finished {
  key: string;
  reused: boolean;
  /** Of the log; the stage's result names it as well. */
  manifest: string | null;
}

function finishedStages(
  log: readonly StoredEntry[],
  record: CampaignRecord | null,
): ReadonlyMap<string, Finished> {
  const logged = lastRun(log).flatMap(({ entry: { event } }): [string, Finished][] =>
    event.kind === 'stage-finished'
      ? [[event.stage, { key: event.key, reused: event.reused, manifest: event.manifest }]]
      : [],
  );
  const recorded = (record?.stages ?? []).map(({ id, key, reused }): [string, Finished] => [
    id,
    { key, reused, manifest: null },
  ]);
  return new Map(log.length > 0 ? logged : recorded);
}

async function readStage(
  bucket: Bucket,
  { id, key, reused, manifest: logged }: Finished & { id: string },
): Promise<AuditedStage> {
  const result = await readDocument(bucket, resultKey(key), StageResult);
  if (!result) {
    throw new StorageError(
      'ARTIFACT_MISSING',
      `${bucket.address} has no result of stage "${id}" at stages/${key}.json.`,
    );
  }
  const manifest = await readManifest(bucket, logged ?? result.manifest.digest.sha256);
  return { id, kind: kindOf(manifest.statement), key, reused, result, manifest };
}
