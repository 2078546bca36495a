import type { ArtifactStore } from '../artifacts/artifactStore';
import { StorageError } from '../artifacts/storageError';
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

/** Checks what campaigns left, reading nothing but the store. Errors: STORAGE_*. */
export async function checkStore(store: ArtifactStore): Promise<StoreCheck> {
  const stages = () => storedStages(store);
  let recorded = 0;
  const findings = [
    await finding('no manifest names a missing or wrong blob', async () => checkBlobs(store, await stages())),
    await finding('every training row has exactly one rating and one decision', async () =>
      checkTrainingRows(store, await stages()),
    ),
    await finding('every call that a stage states is recorded with what it gave', async () => {
      const { provider, problems } = await recordedCalls(store, await stages());
      recorded = provider;
      return problems;
    }),
  ];
  return { findings, recordedCalls: recorded };
}

/** What cannot be read because it is missing or damaged counts against the promise. */
async function finding(promise: string, check: () => Promise<string[]>): Promise<Finding> {
  try {
    return { promise, problems: await check() };
  } catch (error) {
    if (error instanceof StorageError && UNREADABLE.has(error.code))
      return { promise, problems: [error.message] };
    throw error;
  }
}

const UNREADABLE: ReadonlySet<StorageError['code']> = new Set(['ARTIFACT_MISSING', 'ARTIFACT_CORRUPT']);

export interface CallCount {
  /** By the provider, in all. */
  answered: number;
  /** In the artifacts. */
  recorded: number;
  /** Answers that were lost on their way. */
  lost: number;
  /** Others that were in flight when a worker was struck, or told by no heartbeat yet. */
  atRisk: number;
  /** Calls made again though no answer to that very question was lost or at risk. */
  unexcused: number;
}

export function checkCalls({ answered, recorded, lost, atRisk, unexcused }: CallCount): Finding {
  const again = answered - recorded;
  const problems: string[] = [];
  if (again < 0) problems.push(`${recorded} calls are recorded, but only ${answered} were ever answered`);
  if (again > lost + atRisk)
    problems.push(`${again} calls were made again, but only ${lost} answers were lost and ${atRisk} at risk`);
  if (unexcused > 0)
    problems.push(
      `${unexcused} calls were made again, or never should have been, though no answer to them was lost or at risk`,
    );
  return { promise: 'calls paid twice were in flight, or told by no heartbeat yet', problems };
}
