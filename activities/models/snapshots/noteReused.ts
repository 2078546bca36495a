import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { payloadOf } from '../../../artifacts/signing/envelope';
import { Envelope, StageStatement } from '../../../schemas/attestation';
import { MEDIA_TYPES } from '../../../schemas/names';
import type { StageResult } from '../../../schemas/plan';
import { modelsIn } from '../../support/modelsIn';
import { SnapshotRecord } from './snapshotRecord';

/**
 * Notes the snapshots behind a result that a campaign reuses as taken: a model that answers otherwise from now on has
 * changed, though it has never answered this campaign before. Manifests before 0.3.0 do not name them.
 */
export async function noteReused(
  store: ArtifactStore,
  campaign: string,
  parameters: unknown,
  { manifest }: StageResult,
): Promise<void> {
  const asked = modelsIn(parameters).map(({ model }) => model);
  if (asked.length === 0 || manifest.mediaType !== MEDIA_TYPES.signedManifest) return;
  const envelope = await store.getJson(manifest.digest.sha256, Envelope);
  const { predicate } = StageStatement.parse(JSON.parse(payloadOf(envelope)));
  const record = new SnapshotRecord(store, campaign);
  for (const { model: name, snapshot } of predicate.buildDefinition.internalParameters.models)
    for (const model of asked.filter((one) => one.model === name))
      await record.note(model, snapshot, ({ snapshots }) => {
        const before = snapshots.find((one) => one.name === snapshot);
        return before ?? { standing: snapshots.length === 0 ? 'first' : 'accepted' };
      });
}
