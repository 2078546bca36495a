import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { readLogEntry, readLogHead } from '../../artifacts/campaignLog';
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
  const events = await readEvents(store, campaign);
  const record = await store.getDocument(`campaigns/${campaign}.json`, CampaignRecord);
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

async function readEvents(store: ArtifactStore, campaign: string): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  for (let number = 1; ; number += 1) {
    const stored = await readLogEntry(store, campaign, number);
    if (!stored) return events;
    events.push(stored.entry.event);
  }
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
  const result = await store.getDocument(`stages/${key}.json`, StageResult);
  if (!result) return [];
  const manifest: unknown = JSON.parse(await store.getText(result.manifest));
  const envelope = Envelope.safeParse(manifest).data;
  const statement: unknown = envelope
    ? JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'))
    : manifest;
  const { data } = Builder.safeParse(statement);
  return data ? [data.predicate.runDetails.builder.version.trainer] : [];
}
