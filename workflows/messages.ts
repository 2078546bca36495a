import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { ArtifactRef } from '../schemas/artifact';
import type { LogHead } from '../schemas/attestation';
import type { StageCost } from '../schemas/plan';
import type { SteeringRecord, SteeringRequest } from '../schemas/steering';
import type { CarriedLog } from './logWriter';

export interface TrainingCampaignInput {
  campaign: string;
  /** Digest of the plan in the store. */
  plan: string;
  /** Of a fork. */
  parent?: ForkParent;
  /** What a run that was continued as a new one takes along. */
  carried?: CarriedState;
}

/** Where a campaign was forked from: which campaign, at which stage, and where its log was then. */
export interface ForkParent {
  campaign: string;
  stage: string;
  head: LogHead | null;
}

/**
 * `gated`: waits for somebody's approval. `paused`: stopped by a person, to go on from where it was. `parked`: cannot
 * go on for a reason that is outside the campaign. `stopped`: ended because the campaign was cancelled.
 */
export type StageState =
  | 'waiting'
  | 'gated'
  | 'running'
  | 'paused'
  | 'parked'
  | 'finished'
  | 'reused'
  | 'stopped';

/** Why a stage cannot go on; times are ISO 8601. */
export interface Parking {
  /** A failure type of schemas/names, or what Temporal calls the failure. */
  type: string;
  /** What happened, to what, and what to do. */
  message: string;
  since: string;
  /** How often it was tried again by itself. */
  tries: number;
  /** When it is tried again by itself; null when only a person can help. */
  nextTryAt: string | null;
}

/** How far a stage is; times are ISO 8601. */
export interface StageProgress {
  id: string;
  kind: string;
  state: StageState;
  startedAt: string | null;
  finishedAt: string | null;
  /** Episodes finished and planned; 0 of 0 for stages that play none. */
  episodes: { finished: number; planned: number };
  counts: Record<string, number>;
  /** What it took; none before it has finished, nor where it was reused. */
  cost?: StageCost;
  key: string | null;
  parking: Parking | null;
  /** What is asked before the stage may start; null when nothing is. */
  gate: string | null;
}

export interface CampaignProgress {
  campaign: string;
  /** Digest of the plan that is followed now. */
  plan: string;
  startedAt: string;
  /** Set while the campaign is paused. */
  paused: SteeringRecord | null;
  stages: StageProgress[];
  /** What people did to the campaign, oldest first. */
  steering: SteeringRecord[];
}

export interface StageRequest extends SteeringRequest {
  stage: string;
}

export interface GateDecision extends StageRequest {
  approved: boolean;
}

export interface AmendRequest extends SteeringRequest {
  /** Digest of the new plan in the store. */
  plan: string;
  /** Digest of the plan that it was made from; refused when another is followed by then. */
  instead?: string;
}

/** The type of failure by which a campaign refuses a request. */
export const STEERING_REFUSED = 'STEERING_REFUSED';

/** What one run of the workflow hands to the next. */
export interface CarriedState {
  /** Whether questions may be with a provider's batches. */
  asksByBatches?: boolean;
  startedAt: string;
  /** True when nothing is to be done before somebody asks or a parked stage is due. */
  quiet: boolean;
  paused: SteeringRecord | null;
  /** Gates that were decided, by stage. */
  gates: Record<string, SteeringRecord>;
  stages: StageProgress[];
  steering: SteeringRecord[];
  /** Campaigns of 0.2.0 have none. */
  log?: CarriedLog;
}

export interface FinishedStage {
  id: string;
  key: string;
  /** Seconds of the stage's own work when it was computed. */
  seconds: number;
  /** True when an earlier run had computed it. */
  reused: boolean;
  /** Stages whose outputs it read. */
  after: string[];
  outputs: Record<string, ArtifactRef>;
  counts: Record<string, number>;
  cost: StageCost;
}

export interface CampaignResult {
  campaign: string;
  plan: string;
  results: ArtifactRef;
  stages: FinishedStage[];
}

/** How far a collection of episodes is; answered by its own child workflow. */
export interface CollectionProgress {
  finished: number;
  planned: number;
}

export const campaignProgress = defineQuery<CampaignProgress>('campaignProgress');
export const collectionProgress = defineQuery<CollectionProgress>('collectionProgress');

/** Stops all stages at their next checkpoint or turn and frees their slots; nothing starts until `resume`. */
export const pause = defineUpdate<SteeringRecord, [SteeringRequest]>('pause');
/** Ends a pause and tries all parked stages again. */
export const resume = defineUpdate<SteeringRecord, [SteeringRequest]>('resume');
/** Tries one parked stage again. */
export const retryStage = defineUpdate<SteeringRecord, [StageRequest]>('retryStage');
/** Follows another plan from now on. Refused when it changes a stage that runs or has finished. */
export const amend = defineUpdate<SteeringRecord, [AmendRequest]>('amend');
/** Lets a gated stage start, or ends its wait for good. Refused once it was decided otherwise. */
export const decideGate = defineUpdate<SteeringRecord, [GateDecision]>('decideGate');
