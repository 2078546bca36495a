import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { CampaignBudget } from './campaignBudget';

/** The budgets of all campaigns that this worker serves. */
export class CampaignBudgets {
  private readonly budgets = new Map<string, CampaignBudget>();

  constructor(private readonly store: ArtifactStore) {}

  of(campaign: string): CampaignBudget {
    const budget = this.budgets.get(campaign) ?? new CampaignBudget(this.store, campaign);
    this.budgets.set(campaign, budget);
    return budget;
  }
}
