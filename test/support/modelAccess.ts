import { BatchedModels } from '../../activities/models/batchApi/batchedModels';
import { CampaignBudgets } from '../../activities/models/budget/campaignBudgets';
import type { LanguageModels } from '../../activities/models/languageModels';
import { ModelAccess } from '../../activities/models/modelAccess';
import { RateLimits } from '../../activities/models/rateLimits/rateLimits';
import { limitsFrom } from '../../activities/models/rateLimits/readProviderSettings';
import { SnapshotWatch } from '../../activities/models/snapshots/snapshotWatch';
import { createEnvironment } from '../../activities/support/environment';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import type { ProviderSettings } from '../../schemas/rateLimit';

/** A worker's way to models, which remembers nothing that is not in the store. */
export function openModelAccess(
  models: LanguageModels,
  store: ArtifactStore,
  providers: ProviderSettings['providers'] = [],
): ModelAccess {
  const environment = createEnvironment({});
  const settings = limitsFrom({ providers }, environment);
  const limits = new RateLimits({ store, environment, settings });
  const batched = new BatchedModels(models, store);
  return new ModelAccess(models, new CampaignBudgets(store), batched, new SnapshotWatch(store), limits);
}
