/** Where the small named documents of a bucket lie. */

/** A finished campaign's record. */
export const campaignKey = (campaign: string): string => `campaigns/${campaign}.json`;
/** Entries of a campaign's log. */
export const logFolder = (campaign: string): string => `campaigns/${campaign}/log/`;
export const logKey = (campaign: string, number: number): string =>
  `${logFolder(campaign)}${String(number).padStart(6, '0')}.json`;
/** The books of calls of models; named when they counted calls alone. */
export const ledgerKey = (campaign: string): string => `campaigns/${campaign}/calls.json`;
/** What was asked of models by providers' Batch API. */
export const modelBatchesKey = (campaign: string): string => `campaigns/${campaign}/model-batches.json`;
/** Which snapshots of its models a campaign has met. */
export const snapshotsKey = (campaign: string): string => `campaigns/${campaign}/snapshots.json`;
/** What all workers know of a provider's limit. */
export const rateLimitKey = (digest: string): string => `limits/${digest}.json`;
/** Results of stages. */
export const RESULTS_FOLDER = 'stages/';
export const resultKey = (key: string): string => `${RESULTS_FOLDER}${key}.json`;
/** Public keys. */
export const SIGNERS_FOLDER = 'signers/';
export const signerKey = (keyid: string): string => `${SIGNERS_FOLDER}${keyid}.json`;
/** Why blobs are no more. */
export const TOMBSTONES_FOLDER = 'tombstones/';
export const tombstoneKey = (digest: string): string => `${TOMBSTONES_FOLDER}${digest}.json`;
