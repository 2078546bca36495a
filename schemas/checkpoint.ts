import { z } from 'zod';
import { ArtifactRef } from './artifact';

/** A place in the history of a training stage. */
export const TrainingPoint = z.strictObject({
  /** Which attempt's claim it was made under, from 1; 0 for checkpoints of 0.1.0, which knew no claims. */
  epoch: z.number().int().min(0),
  /** Optimiser steps done. */
  step: z.number().int().min(0),
});
export type TrainingPoint = z.infer<typeof TrainingPoint>;

/** A checkpoint that was passed over, and why. */
export const IgnoredCheckpoint = TrainingPoint.extend({ reason: z.string() });
export type IgnoredCheckpoint = z.infer<typeof IgnoredCheckpoint>;

/**
 * One attempt's claim on a training stage, written once. Of one campaign's epochs the newest alone may go on: whoever
 * holds an older one lost its lease, however alive it is.
 */
export const TrainingEpoch = z.strictObject({
  epoch: z.number().int().min(1),
  campaign: z.string(),
  /** Which attempt: workflow run, activity and attempt number. */
  holder: z.string(),
  /** Null when it starts at step 0. */
  resumedFrom: TrainingPoint.nullable(),
  /** What this attempt was to go on from before it, and could not. */
  ignored: IgnoredCheckpoint.nullable(),
  /** How often the batch was halved, since the memory did not do. */
  halvings: z.number().int().min(0),
});
export type TrainingEpoch = z.infer<typeof TrainingEpoch>;

/**
 * A checkpoint that lies whole in the store: its document is written after all its files. `directory` resumes the
 * training; `policy` is what can be served.
 */
export const StoredCheckpoint = z.strictObject({
  epoch: z.number().int().min(0).default(0),
  step: z.number().int(),
  directory: ArtifactRef,
  policy: ArtifactRef,
});
export type StoredCheckpoint = z.infer<typeof StoredCheckpoint>;
