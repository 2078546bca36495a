export { fileReferences, type FileReference } from './campaignFiles';
export { checkCampaign } from './checkCampaign';
export { checkPrices } from './checkPrices';
export { parseCampaign, type ParsedCampaign } from './parseCampaign';
export { pathText, type Path, type SpecIssue, valueAt } from './specIssue';
