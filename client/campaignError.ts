export type CampaignErrorCode =
  /** There is no campaign of this id. */
  | 'NOT_FOUND'
  /** No campaign may have such an id. */
  | 'INVALID_ID'
  /** A campaign of this id runs, and follows another plan. */
  | 'OTHER_PLAN'
  /** The campaign said no; the message says why and what is possible instead. */
  | 'REFUSED'
  /** The campaign has ended, so nothing can be asked of it. */
  | 'ENDED'
  /** Neither yes nor no in time: Temporal or the campaign's workers are away. */
  | 'UNREACHABLE';

/** Why a campaign could not be found, started or steered, in words for a person. */
export class CampaignError extends Error {
  override readonly name = 'CampaignError';

  constructor(
    readonly code: CampaignErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const noSuchCampaign = (campaign: string, cause: unknown): CampaignError =>
  new CampaignError(
    'NOT_FOUND',
    `There is no campaign "${campaign}". \`pi-loop list\` shows those there are.`,
    {
      cause,
    },
  );
