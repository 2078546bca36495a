import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { PolicyCheckpoint } from '../../schemas/training';
import { inputOf, type StageWork } from './stageWork';

/**
 * The policies that a round's checkpoint is chosen from, by step. Where the round may keep what it started from, that
 * is step 0. Errors: ARTIFACT_*.
 */
export async function candidatesOf(store: ArtifactStore, work: StageWork): Promise<PolicyCheckpoint[]> {
  const { sha256 } = inputOf(work, 'checkpoints').digest;
  const checkpoints = await store.getJson(sha256, z.array(PolicyCheckpoint));
  const start = work.inputs['start'];
  if (!start) return checkpoints;
  const { uri: _uri, ...policy } = start;
  return [{ step: 0, policy }, ...checkpoints];
}
