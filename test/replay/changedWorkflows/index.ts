import { general } from '../../../workflows/activityProxies';
import {
  type EpisodeCollectionInput,
  episodeCollection as todaysCollection,
} from '../../../workflows/episodeCollection';
import type { TrainingCampaignInput } from '../../../workflows/messages';
import { trainingCampaign as todaysCampaign } from '../../../workflows/trainingCampaign';

/** The workflows with one step more in front: a change that campaigns in the middle of something would not survive. */
export async function trainingCampaign(input: TrainingCampaignInput) {
  if (!input.carried?.quiet) await general.gatherEpisodes({ indexes: [] });
  return todaysCampaign(input);
}

export async function episodeCollection(input: EpisodeCollectionInput) {
  await general.gatherEpisodes({ indexes: [] });
  return todaysCollection(input);
}
