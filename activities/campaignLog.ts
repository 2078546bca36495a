import { ledgerKey } from '../artifacts/documentKeys';
import { bookedFor, callsBooked, EVERYTHING, NO_ENTRIES } from '../domain/budget/ledger';
import type { LogHead } from '../schemas/attestation';
import type { NewLogEntry } from '../schemas/campaignLog';
import { Ledger } from '../schemas/ledger';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { CampaignLog } from '../artifacts/campaignLog';
import type { SigningKey } from '../artifacts/signing/signingKey';
import type { SnapshotChange } from '../schemas/snapshot';
import { SnapshotRecord } from './models/snapshots/snapshotRecord';

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
    /** Calls of models that a campaign with a limit has made or that its workers may make. Errors: STORAGE_*. */
    async countCalls({ campaign }: { campaign: string }): Promise<number> {
      return callsBooked(await readLedger(campaign));
    },

    /** Nanodollars that a campaign has spent or that its workers may spend. Errors: STORAGE_*. */
    async countMoney({ campaign }: { campaign: string }): Promise<number> {
      return bookedFor(await readLedger(campaign), EVERYTHING).nanodollars;
    },

    /** Snapshots of its models under which a campaign was answered after their first. Errors: STORAGE_*. */
    async listSnapshotChanges({ campaign }: { campaign: string }): Promise<SnapshotChange[]> {
      return new SnapshotRecord(store, campaign).changes();
    },

    /** Signs entries and appends them to the campaign's log, each once. @returns the log's head behind them */
    async appendToLog({ campaign, entries, after }: AppendToLogInput): Promise<LogHead | null> {
      return new CampaignLog(store, campaign, signingKey).append(entries, after);
    },
  };

  async function readLedger(campaign: string): Promise<Ledger> {
    return (await store.getDocument(ledgerKey(campaign), Ledger)) ?? NO_ENTRIES;
  }
}
