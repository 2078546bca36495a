import { stageWorkflowId } from '../schemas/names';
import type { CampaignProgress, CollectionProgress, StageProgress } from '../workflows/messages';

/** A collection of episodes under way, by the id of its workflow. */
export type RunningCollection = { workflowId: string } & CollectionProgress;

/** The progress with the episodes of collections under way: a campaign counts a collection once it is whole. */
export function withCollections(
  progress: CampaignProgress,
  collections: readonly RunningCollection[],
): CampaignProgress {
  return {
    ...progress,
    stages: progress.stages.map((stage) => counted(progress.campaign, stage, collections)),
  };
}

function counted(
  campaign: string,
  stage: StageProgress,
  collections: readonly RunningCollection[],
): StageProgress {
  const workflowId = stageWorkflowId(campaign, stage.id);
  const own = collections.filter((one) => `${one.workflowId}/`.startsWith(`${workflowId}/`));
  if (own.length === 0) return stage;
  const { finished, planned } = stage.episodes;
  const underWay = own.reduce((sum, one) => sum + one.finished, 0);
  return { ...stage, episodes: { planned, finished: Math.min(planned, finished + underWay) } };
}
