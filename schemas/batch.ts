import { z } from 'zod';
import { ArtifactRef, Sha256 } from './artifact';
import { CollectedEpisode, Ending, Turn } from './episode';
import { AnsweringModel } from './modelCall';
import { StageCost } from './plan';
import { UnratedReason } from './rating';

const Spent = StageCost.omit({ gpuSeconds: true });
export type Spent = z.infer<typeof Spent>;

/** A finished conversation, not rated yet. */
export const PlayedRow = z.strictObject({
  number: z.number().int(),
  episode: Sha256,
  ending: Ending,
  turns: z.number().int(),
  /** On the conversation. */
  spent: Spent,
  /** Models that answered in it; rows of 0.2.0 have none. */
  models: z.array(AnsweringModel).default([]),
});
export type PlayedRow = z.infer<typeof PlayedRow>;

export const RatedRow = PlayedRow.extend({
  ...CollectedEpisode.pick({ rating: true, scores: true }).shape,
  /** On the rating. */
  judging: Spent,
  judges: z.array(AnsweringModel).default([]),
});
export type RatedRow = z.infer<typeof RatedRow>;

/** A conversation under way. */
const OpenConversation = z.strictObject({ number: z.number().int(), turns: z.array(Turn) });

/** What is kept of a batch's conversations, whoever judges them. */
export const KeptConversations = z.strictObject({
  played: z.array(PlayedRow),
  open: z.array(OpenConversation),
});

/** How far a batch of episodes is: its heartbeat, from which a new attempt goes on. */
export const BatchProgress = z.strictObject({
  design: z.string(),
  from: z.number().int(),
  rated: z.array(RatedRow),
  played: z.array(PlayedRow),
  open: z.array(OpenConversation),
  /** A failure that is being waited out. */
  waiting: z.strictObject({ type: z.string(), message: z.string() }).nullable(),
});
export type BatchProgress = z.infer<typeof BatchProgress>;

/** The same, kept in the store because it is too large for a heartbeat. */
export const StoredProgress = z.strictObject({ stored: Sha256 });
export type StoredProgress = z.infer<typeof StoredProgress>;

/** Why episodes have no rating, with one of the answers that could not be read. */
export const UnratedEpisodes = z.strictObject({
  count: z.number().int(),
  /** Of these, how many for which reason. */
  reasons: z.partialRecord(UnratedReason, z.number().int()),
  /** JSON text, cut; null when nothing is unrated. */
  example: z.string().nullable(),
});
export type UnratedEpisodes = z.infer<typeof UnratedEpisodes>;

export const FinishedBatch = z.strictObject({
  index: ArtifactRef,
  unrated: UnratedEpisodes,
  /** What the models were asked for the episodes in the index: calls that were lost with a worker are not in it. */
  cost: StageCost,
  /** Models that answered in it, policies not among them. Batches of 0.2.0 have none. */
  models: z.array(AnsweringModel).optional(),
});
export type FinishedBatch = z.infer<typeof FinishedBatch>;
