import { z } from 'zod';
import { Sha256 } from './artifact';
import { PlanChange } from './plan';

/** Who wants a change and why. */
export const SteeringRequest = z.strictObject({
  /** Made by the client, unique to what was asked: the same request twice is one request. */
  request: z.string(),
  who: z.string(),
  why: z.string(),
});
export type SteeringRequest = z.infer<typeof SteeringRequest>;

export const SteeringKind = z.enum(['pause', 'resume', 'retry', 'amend', 'approve', 'reject']);
export type SteeringKind = z.infer<typeof SteeringKind>;

/** Something a person did to a campaign, as it is kept in its state and in the store. */
export const SteeringRecord = SteeringRequest.extend({
  number: z.number().int().positive(),
  /** ISO 8601. */
  at: z.string(),
  kind: SteeringKind,
  /** The stages it was about: for an amendment those at which it takes effect. */
  stages: z.array(z.string()),
  /** Of an amendment. */
  changes: z.array(PlanChange),
  /** Of an amendment: digest of the plan that is followed from then on. */
  plan: Sha256.nullable(),
  /** Set when it was refused: why. */
  refused: z.string().nullable(),
});
export type SteeringRecord = z.infer<typeof SteeringRecord>;
