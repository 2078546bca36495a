import { policyFor } from '../../domain/plan/snapshotPolicies';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import type { Account } from '../models/budget/askWithinBudget';
import { keepForBridge } from '../models/snapshots/bridgeSnapshot';
import { SnapshotRecord } from '../models/snapshots/snapshotRecord';
import type { CollectionDesigns } from '../support/collectionDesigns';
import type { EpisodeBatch } from './episodeBatch';

/** Keeps rated episodes where another snapshot of the judge is to be compared with this one. */
export function keepingToCompare(store: ArtifactStore, designs: CollectionDesigns) {
  return async ({ campaign, snapshotPolicies }: Account, batch: EpisodeBatch): Promise<void> => {
    const keep = async () => {
      const { judge } = await designs.load(batch.design);
      if (policyFor(judge, snapshotPolicies ?? []) !== 'bridge') return;
      await keepForBridge(new SnapshotRecord(store, campaign), judge, batch.design, batch.ratedRows());
    };
    // Lost, they are only not there to be compared.
    await keep().catch(() => undefined);
  };
}
