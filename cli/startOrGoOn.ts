import type { Campaign } from '../client/campaign';
import type { Campaigns } from '../client/campaigns';
import type { SteeringRecord } from '../schemas/steering';
import { loginName } from './withCampaign';

export interface Started {
  campaign: Campaign;
  /** True when it ran already. */
  joined: boolean;
  /** Set when somebody has paused it: it stays so. */
  paused: SteeringRecord | null;
  /** Parked stages that are tried again. */
  retried: string[];
}

/** Starts a campaign or joins it; stages of it that are parked are tried again, unless somebody has paused it. */
export async function startOrGoOn(campaigns: Campaigns, id: string, plan: string): Promise<Started> {
  const { campaign, joined } = await campaigns.start({ campaign: id, plan });
  const progress = joined ? (await campaign.status()).progress : null;
  const paused = progress?.paused ?? null;
  const isParked = progress?.stages.some(({ state }) => state === 'parked') ?? false;
  if (!isParked || paused) return { campaign, joined, paused, retried: [] };
  const { stages } = await campaign.resume({ who: loginName(), why: 'started again' });
  return { campaign, joined, paused, retried: stages };
}
