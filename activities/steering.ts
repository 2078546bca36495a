import { abandonedStages, comparePlans } from '../domain/plan/comparePlans';
import type { PlanChange } from '../schemas/plan';
import type { SteeringRecord } from '../schemas/steering';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { StorageError } from '../artifacts/storageError';
import type { Plans } from './support/stageWork';

export interface SteeringDependencies {
  store: ArtifactStore;
  plans: Plans;
}

/** What an amendment would do. */
export interface PlanDifference {
  /** Null when the new plan is of another campaign, or is no plan at all. */
  unusable: string | null;
  changes: PlanChange[];
  /** Stages that would be made otherwise, and those that are no more. */
  redefined: string[];
  /** Of these and all others, the ones whose questions to models' batches nobody will ask any more. */
  abandoned?: string[];
}

export function createSteeringActivities({ store, plans }: SteeringDependencies) {
  return {
    /** What differs between two plans in the store. Errors: ARTIFACT_* of the plan before, STORAGE_*. */
    async comparePlans({ before, after }: { before: string; after: string }): Promise<PlanDifference> {
      const old = await plans.load(before);
      const amended = await plans.load(after).catch(whyUnusable);
      if (typeof amended === 'string') return { unusable: amended, changes: [], redefined: [] };
      const unusable =
        old.campaign === amended.campaign
          ? null
          : `it is a plan of campaign "${amended.campaign}", not of "${old.campaign}"`;
      const comparison = comparePlans(old, amended);
      return { unusable, ...comparison, abandoned: abandonedStages(old, amended, comparison) };
    },

    /** Leaves in the store what a person did to a campaign; the first record of a number stays. */
    async recordSteering({ campaign, record }: { campaign: string; record: SteeringRecord }): Promise<void> {
      await store.putDocumentOnce(steeringKey(campaign, record.number), record);
    },
  };
}

/** Who asks for what is no plan is told so. Errors: all others. */
function whyUnusable(error: unknown): string {
  const code = error instanceof StorageError ? error.code : null;
  if (code === 'ARTIFACT_MISSING') return 'there is nothing of this digest in the store';
  if (code === 'ARTIFACT_CORRUPT') return 'what the store has of this digest is no plan';
  throw error;
}

export const steeringKey = (campaign: string, number: number): string =>
  `campaigns/${campaign}/steering/${String(number).padStart(6, '0')}.json`;
