import { CancellationScope } from '@temporalio/workflow';
import { cancelModelBatches } from './activityProxies';

/**
 * Has providers stop the batches of questions that nobody will ask any more. One that does not hear of it answers them
 * in vain, and nothing waits for that.
 * @param stages whose questions they are; null: of all
 */
export async function stopBatches(campaign: string, stages: string[] | null): Promise<void> {
  await CancellationScope.nonCancellable(() => cancelModelBatches({ campaign, stages })).catch(
    () => undefined,
  );
}
