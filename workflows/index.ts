export { episodeShard } from './episodeShard';
export { trainingCampaign } from './trainingCampaign';
