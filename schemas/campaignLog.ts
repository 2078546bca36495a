import { z } from 'zod';
import { ArtifactRef, Sha256 } from './artifact';
import { LogHead } from './attestation';
import { SnapshotChange } from './snapshot';
import { SteeringRecord } from './steering';

/** What happened to a campaign. */
export const LogEvent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('campaign-started'),
    /** Digest of the plan. */
    plan: Sha256,
    /** Of a fork: the campaign it was forked from, the stage, and that campaign's log head at the time. */
    parent: z.strictObject({ campaign: z.string(), stage: z.string(), head: LogHead.nullable() }).nullable(),
  }),
  z.strictObject({ kind: z.literal('stage-started'), stage: z.string(), key: Sha256 }),
  z.strictObject({
    kind: z.literal('stage-finished'),
    stage: z.string(),
    key: Sha256,
    /** Digest of the signed manifest. */
    manifest: Sha256,
    /** True when the result was there before. */
    reused: z.boolean(),
    /** Calls of all stages that the campaign has made so far, those of served policies among them. */
    calls: z.number().int(),
  }),
  z.strictObject({
    kind: z.literal('stage-parked'),
    stage: z.string(),
    type: z.string(),
    message: z.string(),
    /** How often it was tried again by itself. */
    tries: z.number().int(),
    nextTryAt: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal('gate-reached'), stage: z.string(), question: z.string() }),
  z.strictObject({ kind: z.literal('steering'), record: SteeringRecord }),
  /** A share of the limit of calls was passed: 0.5, 0.8 or 1. Calls of models, as they were handed out to workers. */
  z.strictObject({
    kind: z.literal('budget'),
    calls: z.number().int(),
    limit: z.number().int(),
    share: z.number(),
  }),
  /** The same of a limit on money: nanodollars that were spent, or that workers may spend. */
  z.strictObject({
    kind: z.literal('money'),
    nanodollars: z.number().int(),
    limit: z.number().int(),
    share: z.number(),
  }),
  /** A model answered under another snapshot than before. */
  z.strictObject({ kind: z.literal('snapshot-changed'), change: SnapshotChange }),
  /** What was held for workers that were gone, by the provider's count: nanodollars booked before and after. */
  z.strictObject({
    kind: z.literal('reconciled'),
    booked: z.number().int(),
    counted: z.number().int(),
  }),
  z.strictObject({
    kind: z.literal('campaign-finished'),
    results: Sha256,
    stages: z.array(z.strictObject({ id: z.string(), key: Sha256 })),
  }),
  z.strictObject({ kind: z.literal('campaign-stopped'), type: z.string(), message: z.string() }),
  /** Temporal's histories of these runs lie in the store. */
  z.strictObject({
    kind: z.literal('histories-archived'),
    histories: z.array(z.strictObject({ workflow: z.string(), run: z.string(), history: ArtifactRef })),
  }),
  /** Blobs of the campaign were deleted: as unneeded, or at somebody's demand, each with its tombstone. */
  z.strictObject({ kind: z.literal('collected'), plan: Sha256, blobs: z.number().int() }),
  z.strictObject({ kind: z.literal('forgotten'), blobs: z.array(Sha256) }),
]);
export type LogEvent = z.infer<typeof LogEvent>;

/**
 * One entry of a campaign's log. Lies signed at `campaigns/<id>/log/<number>.json`, written once; `previous` is the
 * SHA-256 of the file before it, signature included, so that no entry can be changed, moved or left out.
 */
export const LogEntry = z.strictObject({
  campaign: z.string(),
  number: z.number().int().positive(),
  /** Null for the first. */
  previous: Sha256.nullable(),
  /** Made by the writer, unique in the campaign: written twice is written once. */
  id: z.string(),
  /** ISO 8601, by the writer's clock; a workflow's for what a workflow writes. */
  at: z.string(),
  /** A person, or `workflow <namespace>/<workflow id>/<run id>`. */
  actor: z.string(),
  reason: z.string(),
  event: LogEvent,
});
export type LogEntry = z.infer<typeof LogEntry>;

/** What a writer gives: the log adds number and previous. */
export const NewLogEntry = LogEntry.omit({ campaign: true, number: true, previous: true });
export type NewLogEntry = z.infer<typeof NewLogEntry>;

/** Why a blob is no more: signed, at `tombstones/<digest>.json`. */
export const Tombstone = z.strictObject({
  digest: Sha256,
  cause: z.enum(['collected', 'forgotten']),
  at: z.string(),
  actor: z.string(),
  reason: z.string(),
});
export type Tombstone = z.infer<typeof Tombstone>;
