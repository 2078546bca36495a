import { general } from '../../../workflows/activityProxies';
import { type EpisodeShardInput, episodeShard as todaysShard } from '../../../workflows/episodeShard';
import type { TrainingCampaignInput } from '../../../workflows/messages';
import { trainingCampaign as todaysCampaign } from '../../../workflows/trainingCampaign';

/** The workflows with one step more in front: a change that running campaigns would not survive. */
export async function trainingCampaign(input: TrainingCampaignInput) {
  await general.openStage({ ...input, stage: 'audit', inputs: {} });
  return todaysCampaign(input);
}

export async function episodeShard(input: EpisodeShardInput) {
  await general.gatherEpisodes({ shards: [] });
  return todaysShard(input);
}
