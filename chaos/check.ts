import type { ArtifactStore } from '../artifacts/artifactStore';
import { checkBlobs } from './check/blobs';
import { recordedCalls } from './check/recordedCalls';
import { storedStages } from './check/storedStages';
import { checkTrainingRows } from './check/trainingRows';

/** A promise and what was found against it; it holds when that is nothing. */
export interface Finding {
  promise: string;
  problems: string[];
}

export interface StoreCheck {
  findings: Finding[];
  /** Calls to providers that the artifacts record. */
  recordedCalls: number;
}

/** Checks what campaigns left, reading nothing but the store. Errors: STORAGE_*, ARTIFACT_* of what cannot be read. */
export async function checkStore(store: ArtifactStore): Promise<StoreCheck> {
  const stages = await storedStages(store);
  const calls = await recordedCalls(store, stages);
  return {
    findings: [
      {
        promise: 'no manifest names a missing or wrong blob',
        problems: await checkBlobs(store, stages),
      },
      {
        promise: 'every training row has exactly one rating and one decision',
        problems: await checkTrainingRows(store, stages),
      },
      { promise: 'every call that a stage states is recorded with what it gave', problems: calls.problems },
    ],
    recordedCalls: calls.provider,
  };
}

export interface CallCount {
  /** By the provider, in all. */
  answered: number;
  /** In the artifacts. */
  recorded: number;
  /** In flight or told by no heartbeat when a worker was struck, or of which the answer was lost. */
  atRisk: number;
}

export function checkCalls({ answered, recorded, atRisk }: CallCount): Finding {
  const repeated = answered - recorded;
  const problems: string[] = [];
  if (repeated < 0) problems.push(`${recorded} calls are recorded, but only ${answered} were ever answered`);
  if (repeated > atRisk) problems.push(`${repeated} calls were made again, but only ${atRisk} were at risk`);
  return { promise: 'calls paid twice were in flight, or told by no heartbeat yet', problems };
}
