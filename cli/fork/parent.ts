import { campaignKey, resultKey } from '../../artifacts/documentKeys';
import { z } from 'zod';
import { type ArtifactStore, blobKey } from '../../artifacts/artifactStore';
import { readLog, readLogHead } from '../../artifacts/campaignLog';
import { Sha256 } from '../../schemas/artifact';
import { Envelope, type LogHead } from '../../schemas/attestation';
import type { LogEvent } from '../../schemas/campaignLog';
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

const CampaignRecord = z.object({
  plan: Sha256,
  stages: z.array(z.object({ id: z.string(), key: Sha256 })),
});

/** Errors: CommandError when the store knows no such campaign; StorageError. */
export async function readParent(store: ArtifactStore, campaign: string): Promise<Parent> {
  const events = (await readLog(store, campaign)).map(({ entry }) => entry.event);
  const record = await store.getDocument(campaignKey(campaign), CampaignRecord);
  const plan = events.flatMap(planOf).at(-1) ?? record?.plan;
  if (plan === undefined)
    throw new CommandError(
      `The store has no plan of a campaign "${campaign}": neither a log nor a record. Campaigns of releases before 0.3.0 can be forked once they have finished.`,
    );
  const finished = events.flatMap((event) => (event.kind === 'stage-finished' ? [event.key] : []));
  const keys = new Set([...finished, ...(record?.stages ?? []).map(({ key }) => key)]);
  const trainers = await Promise.all([...keys].map((key) => trainerOf(store, key)));
  return {
    campaign,
    plan: await store.getJson(plan, Plan),
    head: await readLogHead(store, campaign),
    trainers: [...new Set(trainers.flat())],
  };
}

/** Digest of the plan that a campaign of this id followed last; null when the store knows none. */
export async function readPlanDigest(store: ArtifactStore, campaign: string): Promise<string | null> {
  const events = (await readLog(store, campaign)).map(({ entry }) => entry.event);
  const record = await store.getDocument(campaignKey(campaign), CampaignRecord);
  return events.flatMap(planOf).at(-1) ?? record?.plan ?? null;
}

/** The plan that is followed from an event on. */
function planOf(event: LogEvent): string[] {
  if (event.kind === 'campaign-started') return [event.plan];
  if (event.kind !== 'steering' || event.record.refused !== null) return [];
  return event.record.plan === null ? [] : [event.record.plan];
}

const Builder = z.object({
  predicate: z.object({
    runDetails: z.object({ builder: z.object({ version: z.object({ trainer: z.string() }) }) }),
  }),
});

async function trainerOf(store: ArtifactStore, key: string): Promise<string[]> {
  const result = await store.getDocument(resultKey(key), StageResult);
  if (!result) return [];
  const bytes = await store.read(blobKey(result.manifest.digest.sha256));
  if (!bytes) return [];
  const manifest: unknown = JSON.parse(bytes.toString('utf8'));
  const envelope = Envelope.safeParse(manifest).data;
  const statement: unknown = envelope
    ? JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'))
    : manifest;
  const { data } = Builder.safeParse(statement);
  return data ? [data.predicate.runDetails.builder.version.trainer] : [];
}
