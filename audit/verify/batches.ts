import { blobKey } from '../../artifacts/blobKey';
import type { Bucket } from '../../artifacts/bucket';
import { FinishedBatch } from '../../schemas/batch';
import { parseJson } from '../readBlob';
import type { Findings } from './findings';
import { messageOf } from './loadCampaign';

/** A finished batch of a design's episodes, `from` up to, not including, `to`. */
export interface Batch {
  object: string;
  from: number;
  to: number;
  finished: FinishedBatch;
}

/** The bucket's finished batches by the digests of their designs, each design's in order. */
export async function readBatches(bucket: Bucket, findings: Findings): Promise<Map<string, Batch[]>> {
  const batches = new Map<string, Batch[]>();
  for (const object of await bucket.list('batches/finished/')) {
    const [, design, from, to] = /^batches\/finished\/(\w+)\/(\d+)-(\d+)\.json$/.exec(object) ?? [];
    const bytes = design === undefined ? null : await bucket.read(object);
    if (design === undefined || !bytes) continue;
    try {
      const finished = parseJson(bytes, FinishedBatch, object);
      findings.isUsed(blobKey(finished.index.digest.sha256), object);
      const batch = { object, from: Number(from), to: Number(to), finished };
      batches.set(design, [...(batches.get(design) ?? []), batch]);
    } catch (error) {
      findings.fail(object, messageOf(error));
    }
  }
  return batches;
}
