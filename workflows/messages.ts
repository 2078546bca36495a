import { defineQuery } from '@temporalio/workflow';
import type { ArtifactRef } from '../schemas/artifact';
import type { StageCost } from '../schemas/plan';

export interface TrainingCampaignInput {
  campaign: string;
  /** Digest of the plan in the store. */
  plan: string;
}

/** `stopped`: ended because the campaign ended, by another stage's failure or by a person. */
export type StageState = 'waiting' | 'running' | 'finished' | 'reused' | 'failed' | 'stopped';

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
  key: string | null;
}

export interface CampaignProgress {
  campaign: string;
  startedAt: string;
  stages: StageProgress[];
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

export const campaignProgress = defineQuery<CampaignProgress>('campaignProgress');
