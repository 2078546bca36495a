import { proxyActivities } from '@temporalio/workflow';
import type {
  BatchActivities,
  CampaignLogActivities,
  CollectionActivities,
  CorpusActivities,
  EpisodeActivities,
  EvaluationActivities,
  FilterActivities,
  HistoryActivities,
  ModelBatchActivities,
  ProbeActivities,
  RatingActivities,
  ServingActivities,
  StageActivities,
  SteeringActivities,
  TaskActivities,
  TrainingActivities,
} from '../activities';
import { ACTIVITY_OPTIONS } from './activityOptions';

type GeneralActivities = StageActivities &
  SteeringActivities &
  CampaignLogActivities &
  CorpusActivities &
  BatchActivities &
  CollectionActivities &
  FilterActivities &
  EvaluationActivities &
  Pick<TrainingActivities, 'importPolicy'>;

export const general = proxyActivities<GeneralActivities>(ACTIVITY_OPTIONS.general);
export const { archiveHistories } = proxyActivities<HistoryActivities>(ACTIVITY_OPTIONS.archiving);
export const { prepareTasks } = proxyActivities<TaskActivities>(ACTIVITY_OPTIONS.authoring);
export const { playEpisodes, playConversations } = proxyActivities<EpisodeActivities>(
  ACTIVITY_OPTIONS.episodes,
);
export const { rateEpisodes } = proxyActivities<RatingActivities>(ACTIVITY_OPTIONS.ratings);
export const { cancelModelBatches } = proxyActivities<ModelBatchActivities>(ACTIVITY_OPTIONS.cancelling);
export const { probeModels } = proxyActivities<ProbeActivities>(ACTIVITY_OPTIONS.probe);
export const { trainPolicy } = proxyActivities<TrainingActivities>(ACTIVITY_OPTIONS.training);
export const { servePolicy } = proxyActivities<ServingActivities>(ACTIVITY_OPTIONS.serving);
export const { awaitPolicy } = proxyActivities<ServingActivities>(ACTIVITY_OPTIONS.awaitPolicy);
