export { campaignArchive } from './campaignArchive';
export { episodeCollection } from './episodeCollection';
export { trainingCampaign } from './trainingCampaign';
