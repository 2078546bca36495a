export { campaignArchive } from './campaignArchive';
export { conversationCollection } from './conversationCollection';
export { episodeCollection } from './episodeCollection';
export { trainingCampaign } from './trainingCampaign';
