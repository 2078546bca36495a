import { BatchProgress, StoredProgress } from '../schemas/batch';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { type BatchInput, BatchStore } from './conversation/batchStore';
import type { CollectionDesigns } from './support/collectionDesigns';

export interface BatchDependencies {
  store: ArtifactStore;
  designs: CollectionDesigns;
}

export function createBatchActivities({ store, designs }: BatchDependencies) {
  const batches = new BatchStore(store, designs);
  return {
    /**
     * Leaves in the store what an attempt at a batch had told when its worker died.
     * @param told its last heartbeat; what is none is left alone
     */
    async keepTold({ told, ...batch }: BatchInput & { told: unknown }): Promise<void> {
      const stored = StoredProgress.safeParse(told).data;
      const progress = stored
        ? await store.getJson(stored.stored, BatchProgress)
        : BatchProgress.safeParse(told).data;
      if (progress) await batches.keep(batch, progress);
    },
  };
}
