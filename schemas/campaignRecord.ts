import { z } from 'zod';
import { ArtifactRef, Sha256 } from './artifact';
import { StageCost } from './plan';

/** What a finished campaign leaves where it can be found without Temporal, at `campaigns/<id>.json`. */
export const CampaignRecord = z.strictObject({
  campaign: z.string(),
  /** Digest of the plan that was followed at the end. */
  plan: Sha256,
  /** The result table. */
  results: ArtifactRef,
  stages: z.array(
    z.strictObject({
      id: z.string(),
      key: Sha256,
      /** Of the stage's own work when it was computed. */
      seconds: z.number(),
      reused: z.boolean(),
      after: z.array(z.string()),
      outputs: z.record(z.string(), ArtifactRef),
      counts: z.record(z.string(), z.number()),
      cost: StageCost,
    }),
  ),
});
export type CampaignRecord = z.infer<typeof CampaignRecord>;
