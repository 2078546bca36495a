import { resultKey } from '../artifacts/documentKeys';
import type { Bucket } from '../artifacts/bucket';
import type { AuditedCampaign } from './readCampaign';
import { readBatches } from './verify/batches';
import { collectionsOf } from './verify/collections';
import { Findings } from './verify/findings';
import { VerifiedBlobs } from './verify/verifiedBlobs';
import { whereReadable } from './verify/whereReadable';

/** Keys of the documents that say what each batch of a campaign's episodes came to: no manifest names them. */
export async function batchObjects(bucket: Bucket, { stages }: AuditedCampaign): Promise<string[]> {
  const findings = new Findings();
  const reading = {
    blobs: new VerifiedBlobs(bucket),
    findings,
    batches: await readBatches(bucket, findings),
  };
  const objects: string[] = [];
  for (const stage of stages) {
    const loaded = { ...stage, resultKey: resultKey(stage.key), logged: null };
    await whereReadable(loaded.resultKey, findings, async () => {
      const collections = await collectionsOf(loaded, reading);
      objects.push(...collections.flatMap(({ batches }) => batches.map(({ object }) => object)));
    });
  }
  return objects;
}
