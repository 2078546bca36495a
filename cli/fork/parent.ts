import type { ArtifactStore } from '../../artifacts/artifactStore';
import { readLog, readLogHead } from '../../artifacts/campaignLog';
import { campaignKey, resultKey } from '../../artifacts/documentKeys';
import { StorageError } from '../../artifacts/storageError';
import { planFollowed } from '../../audit/readCampaign';
import { readManifest } from '../../audit/readManifest';
import type { LogHead } from '../../schemas/attestation';
import { CampaignRecord } from '../../schemas/campaignRecord';
import { Plan, StageResult } from '../../schemas/plan';
import { CommandError } from '../commandError';

/** A campaign that is forked, as the store alone tells of it. */
export interface Parent {
  campaign: string;
  plan: Plan;
  head: LogHead | null;
  /** Digests of the trainers that its stages were made with. */
  trainers: string[];
}

/** Errors: CommandError when the store knows no such campaign; StorageError. */
export async function readParent(store: ArtifactStore, campaign: string): Promise<Parent> {
  const plan = await readPlanDigest(store, campaign);
  if (plan === null)
    throw new CommandError(
      `The store has no plan of a campaign "${campaign}": neither a log nor a record. Campaigns of releases before 0.3.0 can be forked once they have finished.`,
    );
  const keys = await finishedKeys(store, campaign);
  const trainers = await Promise.all(keys.map((key) => trainerOf(store, key)));
  return {
    campaign,
    plan: await store.getJson(plan, Plan),
    head: await readLogHead(store, campaign),
    trainers: [...new Set(trainers.flat())],
  };
}

/** Digest of the plan that a campaign of this id followed last; null when the store knows none. */
export async function readPlanDigest(store: ArtifactStore, campaign: string): Promise<string | null> {
  const followed = planFollowed(await readLog(store, campaign));
  return followed ?? (await readRecord(store, campaign))?.plan ?? null;
}

const readRecord = (store: ArtifactStore, campaign: string): Promise<CampaignRecord | null> =>
  store.getDocument(campaignKey(campaign), CampaignRecord);

/** Of all stages that it ever finished, whatever plan they were of. */
async function finishedKeys(store: ArtifactStore, campaign: string): Promise<string[]> {
  const logged = (await readLog(store, campaign)).flatMap(({ entry: { event } }) =>
    event.kind === 'stage-finished' ? [event.key] : [],
  );
  const recorded = (await readRecord(store, campaign))?.stages.map(({ key }) => key) ?? [];
  return [...new Set([...logged, ...recorded])];
}

/** Nothing for a stage of which the result or the manifest is gone. */
async function trainerOf(store: ArtifactStore, key: string): Promise<string[]> {
  const result = await store.getDocument(resultKey(key), StageResult);
  if (!result) return [];
  try {
    const { statement } = await readManifest(store, result.manifest.digest.sha256);
    return [statement.predicate.runDetails.builder.version['trainer'] ?? []].flat();
  } catch (error) {
    if (error instanceof StorageError && error.code.startsWith('ARTIFACT_')) return [];
    throw error;
  }
}
