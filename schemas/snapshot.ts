import { z } from 'zod';
import { Sha256 } from './artifact';
import { Interval } from './evaluation';

/** What happens when a model answers under another snapshot than before. */
export const SnapshotPolicy = z.enum(['stop', 'bridge', 'accept']);
export type SnapshotPolicy = z.infer<typeof SnapshotPolicy>;

/** A model as campaigns name it; several roles may be played by one. */
export const NamedModel = z.strictObject({ baseUrl: z.string(), model: z.string() });
export type NamedModel = z.infer<typeof NamedModel>;

export const ModelPolicy = NamedModel.extend({ policy: SnapshotPolicy });
export type ModelPolicy = z.infer<typeof ModelPolicy>;

/** By how much a judge's new snapshot rates the same episodes otherwise: new less old, 95 % intervals. */
export const SnapshotShift = z.strictObject({
  episodes: z.number().int(),
  goal: Interval,
  overall: Interval,
});
export type SnapshotShift = z.infer<typeof SnapshotShift>;

/** A snapshot that has answered. `refused`: none of its answers is used. */
export const AnsweredSnapshot = z.strictObject({
  name: z.string(),
  /** ISO 8601: when it was first met. */
  since: z.string(),
  standing: z.enum(['first', 'accepted', 'bridged', 'refused']),
  /** Of a judge that was to be bridged. */
  shift: SnapshotShift.optional(),
});
export type AnsweredSnapshot = z.infer<typeof AnsweredSnapshot>;

/** An episode that a judge's first snapshot has rated, kept to be rated again by a new one. */
export const BridgeEpisode = z.strictObject({
  /** Digest of its collection's design, and its number in there. */
  design: Sha256,
  number: z.number().int(),
  /** Digests of what was said and of its rating. */
  episode: Sha256,
  rating: Sha256,
});
export type BridgeEpisode = z.infer<typeof BridgeEpisode>;

/** `campaigns/<id>/snapshots.json`: which snapshots of its models a campaign has met, in their order. */
export const CampaignSnapshots = z.strictObject({
  models: z.array(
    NamedModel.extend({
      snapshots: z.array(AnsweredSnapshot),
      /** Rated by the first snapshot; of judges that are to be bridged. */
      bridge: z.array(BridgeEpisode).default([]),
    }),
  ),
});
export type CampaignSnapshots = z.infer<typeof CampaignSnapshots>;

/** A change as it stands in the campaign's log. */
export const SnapshotChange = NamedModel.extend({ from: z.string() }).extend(AnsweredSnapshot.shape);
export type SnapshotChange = z.infer<typeof SnapshotChange>;
