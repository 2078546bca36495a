import { BatchedModels } from '../../activities/models/batchApi/batchedModels';
import { CampaignBudgets } from '../../activities/models/budget/campaignBudgets';
import type { LanguageModels } from '../../activities/models/languageModels';
import { ModelAccess } from '../../activities/models/modelAccess';
import { SnapshotWatch } from '../../activities/models/snapshots/snapshotWatch';
import type { ArtifactStore } from '../../artifacts/artifactStore';

/** The way to models of a worker that remembers nothing. */
export const openModelAccess = (models: LanguageModels, store: ArtifactStore): ModelAccess =>
  new ModelAccess(
    models,
    new CampaignBudgets(store),
    new BatchedModels(models, store),
    new SnapshotWatch(store),
  );
