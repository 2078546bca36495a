import { proxyActivities } from '@temporalio/workflow';
import type {
  CollectionActivities,
  CorpusActivities,
  EpisodeActivities,
  EvaluationActivities,
  FilterActivities,
  RatingActivities,
  ServingActivities,
  StageActivities,
  TaskActivities,
  TrainingActivities,
} from '../activities';
import { ACTIVITY_OPTIONS } from './activityOptions';

type GeneralActivities = StageActivities &
  CorpusActivities &
  CollectionActivities &
  FilterActivities &
  EvaluationActivities &
  Pick<TrainingActivities, 'importPolicy'>;

export const general = proxyActivities<GeneralActivities>(ACTIVITY_OPTIONS.general);
export const { prepareTasks } = proxyActivities<TaskActivities>(ACTIVITY_OPTIONS.authoring);
export const { playEpisode } = proxyActivities<EpisodeActivities>(ACTIVITY_OPTIONS.episode);
export const { rateEpisode } = proxyActivities<RatingActivities>(ACTIVITY_OPTIONS.rating);
export const { trainPolicy } = proxyActivities<TrainingActivities>(ACTIVITY_OPTIONS.training);
export const { servePolicy } = proxyActivities<ServingActivities>(ACTIVITY_OPTIONS.serving);
export const { awaitPolicy } = proxyActivities<ServingActivities>(ACTIVITY_OPTIONS.awaitPolicy);
