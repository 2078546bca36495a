import {
  type Client,
  type WorkflowExecutionInfo,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { Name } from '../schemas/name';
import { campaignWorkflowId, TASK_QUEUES } from '../schemas/names';
import type { TrainingCampaignInput } from '../workflows/messages';
import { Campaign } from './campaign';
import { CampaignError, noSuchCampaign } from './campaignError';
import { campaignOf, type TrainingCampaign } from './campaignHandle';
import { executionState } from './status';

export interface ListedCampaign {
  campaign: string;
  /** As in CampaignStatus. */
  state: string;
  /** ISO 8601. */
  startedAt: string;
  closedAt: string | null;
}

/** The campaigns of one Temporal namespace. */
export class Campaigns {
  constructor(private readonly client: Client) {}

  /**
   * Starts a campaign, or joins the one that runs under the same id and follows the same plan.
   * Errors: CampaignError INVALID_ID, OTHER_PLAN.
   */
  async start(
    input: Omit<TrainingCampaignInput, 'carried'>,
  ): Promise<{ campaign: Campaign; joined: boolean }> {
    assertUsable(input.campaign);
    const campaign = new Campaign(this.client, input.campaign);
    try {
      await this.client.workflow.start<TrainingCampaign>('trainingCampaign', {
        workflowId: campaignWorkflowId(input.campaign),
        taskQueue: TASK_QUEUES.orchestration,
        args: [input],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `Sotopia-π training campaign ${input.campaign}`,
        memo: { plan: input.plan },
      });
      return { campaign, joined: false };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if ((await campaign.plan()) === input.plan) return { campaign, joined: true };
      throw otherPlan(input.campaign, error);
    }
  }

  /** Errors: CampaignError NOT_FOUND. */
  async find(id: string): Promise<Campaign> {
    const campaign = new Campaign(this.client, id);
    try {
      await campaign.handle.describe();
      return campaign;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw noSuchCampaign(id, error);
    }
  }

  /** Was there ever a campaign of that id, as far as Temporal remembers? */
  async has(id: string): Promise<boolean> {
    return this.find(id).then(
      () => true,
      (error: unknown) => {
        if (error instanceof CampaignError && error.code === 'NOT_FOUND') return false;
        throw error;
      },
    );
  }

  /** Newest first; a campaign that was started anew after its end is there more than once. */
  async list(): Promise<ListedCampaign[]> {
    const runs: WorkflowExecutionInfo[] = [];
    for await (const run of this.client.workflow.list({ query: 'WorkflowType = "trainingCampaign"' }))
      runs.push(run);
    return joinRuns(runs);
  }
}

/** Runs that were continued as new ones belong to the run after them. */
function joinRuns(runs: readonly WorkflowExecutionInfo[]): ListedCampaign[] {
  const newestFirst = [...runs].sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
  const latest = new Map<string, ListedCampaign>();
  return newestFirst.flatMap((run) => {
    const next = latest.get(run.workflowId);
    if (next && run.status.name === 'CONTINUED_AS_NEW') {
      next.startedAt = run.startTime.toISOString();
      return [];
    }
    const campaign = listed(run);
    latest.set(run.workflowId, campaign);
    return [campaign];
  });
}

const listed = (run: WorkflowExecutionInfo): ListedCampaign => ({
  campaign: campaignOf(run.workflowId),
  state: executionState(run),
  startedAt: run.startTime.toISOString(),
  closedAt: run.closeTime?.toISOString() ?? null,
});

function assertUsable(id: string): void {
  const [issue] = Name.safeParse(id).error?.issues ?? [];
  if (issue)
    throw new CampaignError('INVALID_ID', `"${id}" cannot be the id of a campaign: ${issue.message}.`);
}

const otherPlan = (campaign: string, cause: unknown): CampaignError =>
  new CampaignError(
    'OTHER_PLAN',
    `Campaign "${campaign}" runs already, with another plan: its file has changed since. \`pi-loop amend ${campaign} FILE\` lets it follow the new one from where it is; under another --id the new one starts beside it.`,
    { cause },
  );
