import { handedOutKey } from '../artifacts/documentKeys';
import type { LogHead } from '../schemas/attestation';
import type { NewLogEntry } from '../schemas/campaignLog';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { CampaignLog } from '../artifacts/campaignLog';
import { HandedOut } from './models/callBudget';
import type { SigningKey } from '../artifacts/signing/signingKey';

export interface AppendToLogInput {
  campaign: string;
  entries: NewLogEntry[];
  /** Where the log was before these were first tried to be written, as far as the writer knows. */
  after: LogHead | null;
}

export function createCampaignLogActivities({
  store,
  signingKey,
}: {
  store: ArtifactStore;
  signingKey: SigningKey;
}) {
  return {
    /** Calls of models that were handed out to workers of a campaign with a limit. Errors: STORAGE_*. */
    async countCalls({ campaign }: { campaign: string }): Promise<number> {
      return (await store.getDocument(handedOutKey(campaign), HandedOut))?.calls ?? 0;
    },

    /** Signs entries and appends them to the campaign's log, each once. @returns the log's head behind them */
    async appendToLog({ campaign, entries, after }: AppendToLogInput): Promise<LogHead | null> {
      return new CampaignLog(store, campaign, signingKey).append(entries, after);
    },
  };
}
