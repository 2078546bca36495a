import type { WorkflowHandle } from '@temporalio/client';
import { campaignWorkflowId } from '../schemas/names';
import type { CampaignResult, TrainingCampaignInput } from '../workflows/messages';

/** The workflow by name: a client needs no workflow code. */
export type TrainingCampaign = (input: TrainingCampaignInput) => Promise<CampaignResult>;
export type CampaignHandle = WorkflowHandle<TrainingCampaign>;

const PREFIX = campaignWorkflowId('');

export const campaignOf = (workflowId: string): string => workflowId.slice(PREFIX.length);

/** As Temporal describes an activity that is under way. */
export type PendingActivity = NonNullable<
  Awaited<ReturnType<CampaignHandle['describe']>>['raw']['pendingActivities']
>[number];
