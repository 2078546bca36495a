import { join } from 'node:path';
import { createBatchActivities } from '../activities/batches';
import { createCollectionActivities } from '../activities/collections';
import { createCorpusActivities } from '../activities/corpora';
import { createCampaignLogActivities } from '../activities/campaignLog';
import { createEpisodeActivities } from '../activities/episodes';
import { createEvaluationActivities } from '../activities/evaluations';
import { createFilterActivities } from '../activities/filtering';
import { createHistoryActivities, type HistorySource } from '../activities/histories';
import { createModelBatchActivities } from '../activities/modelBatches';
import { createProbeActivities } from '../activities/probes';
import { createRatingActivities } from '../activities/ratings';
import { createServingActivities } from '../activities/serving';
import { createStageActivities } from '../activities/stages';
import { createSteeringActivities } from '../activities/steering';
import type { SigningKey } from '../artifacts/signing/signingKey';
import { ArtifactStore } from '../artifacts/artifactStore';
import { BatchedModels } from '../activities/models/batchApi/batchedModels';
import { CampaignBudgets } from '../activities/models/budget/campaignBudgets';
import { CollectionDesigns } from '../activities/support/collectionDesigns';
import { createEnvironment } from '../activities/support/environment';
import { LanguageModels } from '../activities/models/languageModels';
import { SnapshotWatch } from '../activities/models/snapshots/snapshotWatch';
import { ModelAccess } from '../activities/models/modelAccess';
import { RateLimits } from '../activities/models/rateLimits/rateLimits';
import { limitsFrom, readProviderSettings } from '../activities/models/rateLimits/readProviderSettings';
import { ServedPolicies } from '../activities/support/servedPolicies';
import { Plans, type StageWork } from '../activities/support/stageWork';
import { trainerEnvironment } from '../activities/support/trainerProcess';
import { createTaskActivities } from '../activities/tasks';
import { createTrainingActivities, type TrainingDependencies } from '../activities/training';
import type { TaskQueue } from '../schemas/names';
import { readBuildIdentity } from './buildIdentity';
import { checkoutDirectory } from './checkout';
import type { WorkerConfig } from './config';
import { externalEndpoint, servingBackend } from './servingBackend';

export function createStore(config: WorkerConfig): ArtifactStore {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = config;
  return new ArtifactStore({
    endpoint: config.S3_ENDPOINT,
    region: config.S3_REGION,
    bucket: config.S3_BUCKET,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
  });
}

export interface WorkerDependencies {
  withdraw: TrainingDependencies['withdraw'];
  signingKey: SigningKey;
  /** Reads histories of workflows that have ended. */
  histories: HistorySource;
}

/** The activities of each queue, over shared dependencies. The orchestration queue has none. */
export function createActivities(
  config: WorkerConfig,
  store: ArtifactStore,
  variables: Readonly<Record<string, string | undefined>>,
  { withdraw, signingKey, histories }: WorkerDependencies,
): Record<Exclude<TaskQueue, 'orchestration'>, object> {
  const trainerDirectory = join(checkoutDirectory(), 'trainer');
  const environment = createEnvironment(variables);
  const plans = new Plans(store);
  const models = new LanguageModels(environment);
  const watch = new SnapshotWatch(store);
  const settings = limitsFrom(readProviderSettings(config.PI_LOOP_PROVIDERS), environment);
  const limits = new RateLimits({ store, environment, settings });
  const batched = new BatchedModels(models, store);
  const access = new ModelAccess(models, new CampaignBudgets(store), batched, watch, limits);
  const designs = new CollectionDesigns(store);
  const policies = new ServedPolicies(store, externalEndpoint(config));
  const build = readBuildIdentity(trainerDirectory, config.PI_LOOP_COMMIT);
  const trainer = {
    python: config.PI_LOOP_TRAINER_PYTHON,
    sources: join(trainerDirectory, 'src'),
    scratch: config.PI_LOOP_SCRATCH,
    environment: trainerEnvironment(variables),
  };
  const { trainPolicy, importPolicy } = createTrainingActivities({ store, plans, trainer, withdraw });
  const { backend, stopIdle } = servingBackend(config, store, trainer, variables);
  const { servePolicy, awaitPolicy } = createServingActivities({ store, policies, trainer, backend });
  return {
    general: {
      ...createStageActivities({ store, plans, build, signingKey }),
      ...createSteeringActivities({ store, plans }),
      ...createCampaignLogActivities({ store, signingKey }),
      ...createHistoryActivities({ store, histories }),
      ...createCorpusActivities({ store, plans, environment }),
      ...createBatchActivities({ store, designs }),
      ...createCollectionActivities({ store, plans }),
      ...createFilterActivities({ store, plans }),
      ...createEvaluationActivities({ store, plans }),
      importPolicy,
      awaitPolicy,
    },
    dialogue: {
      ...createTaskActivities({ store, plans, access }),
      ...createModelBatchActivities({ batched }),
      ...createProbeActivities({ store, plans, designs, access, watch }),
      ...createEpisodeActivities({ store, plans, models, designs, policies, access }),
      ...createRatingActivities({ store, plans, models, designs, policies, access }),
    },
    // Engines that are only kept warm hold memory that training needs.
    'gpu-train': { trainPolicy: (work: StageWork) => stopIdle().then(() => trainPolicy(work)) },
    'gpu-serve': { servePolicy },
  };
}
