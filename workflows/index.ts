export { episodeCollection } from './episodeCollection';
export { trainingCampaign } from './trainingCampaign';
