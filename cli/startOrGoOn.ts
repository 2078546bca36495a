import type { Campaign } from '../client/campaign';
import type { Campaigns } from '../client/campaigns';
import { loginName } from './withCampaign';

export interface Started {
  campaign: Campaign;
  /** True when it ran already. */
  joined: boolean;
  /** Parked stages that are tried again. */
  retried: string[];
}

/** Starts a campaign or joins it; stages of it that are parked are tried again, unless somebody has paused it. */
export async function startOrGoOn(campaigns: Campaigns, id: string, plan: string): Promise<Started> {
  const { campaign, joined } = await campaigns.start({ campaign: id, plan });
  const progress = joined ? (await campaign.status()).progress : null;
  const isParked = progress?.stages.some(({ state }) => state === 'parked') ?? false;
  if (!isParked || progress?.paused) return { campaign, joined, retried: [] };
  const { stages } = await campaign.resume({ who: loginName(), why: 'started again' });
  return { campaign, joined, retried: stages };
}
