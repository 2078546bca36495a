import { Context } from '@temporalio/activity';
import type { BatchedModels } from './models/batchApi/batchedModels';
import { whileAlive } from './support/heartbeat';

export interface CancelModelBatchesInput {
  campaign: string;
  /** Whose questions nobody will ask for any more; null: of all stages. */
  stages: string[] | null;
}

export function createModelBatchActivities({ batched }: { batched: BatchedModels }) {
  return {
    /** Has providers stop a campaign's batches: what they have answered by then is paid, and is kept. Errors: MODEL_*, STORAGE_*. */
    async cancelModelBatches({ campaign, stages }: CancelModelBatchesInput): Promise<void> {
      const { cancellationSignal: signal } = Context.current();
      await whileAlive(
        () => null,
        () => batched.cancel(campaign, stages, signal),
      );
    },
  };
}
