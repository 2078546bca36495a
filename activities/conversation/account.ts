import type { Account } from '../models/budget/askWithinBudget';
import type { Plans } from '../support/stageWork';

interface Payer {
  campaign: string;
  /** Collections of 0.3.0 do not say their plan and stage, only their limit. */
  plan?: string;
  stage?: string;
  modelCalls: number | null;
}

/** On which account episodes are played and rated. Errors: ARTIFACT_*, STORAGE_*. */
export async function accountOf(
  plans: Plans,
  { campaign, plan, stage = '', modelCalls }: Payer,
): Promise<Account> {
  return plan === undefined
    ? { campaign, stage, limits: { modelCalls } }
    : plans.account({ campaign, plan, stage });
}
