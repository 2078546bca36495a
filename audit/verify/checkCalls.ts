import { z } from 'zod';
import type { Bucket } from '../../artifacts/bucket';
import { readDocument } from '../readBlob';
import type { Findings } from './findings';
import type { LoadedCampaign } from './loadCampaign';
import { whereReadable } from './whereReadable';

const HandedOut = z.strictObject({ calls: z.number() });

/** No more calls of models were handed out than the plan's limit allows. */
export async function checkCalls(
  bucket: Bucket,
  { id, plan }: LoadedCampaign,
  findings: Findings,
): Promise<void> {
  const limit = plan?.limits.modelCalls ?? null;
  if (limit === null) return;
  findings.looked();
  const key = `campaigns/${id}/calls.json`;
  await whereReadable(async () => {
    const handedOut = await readDocument(bucket, key, HandedOut);
    if (handedOut && handedOut.calls > limit)
      findings.fail(key, `${handedOut.calls} calls were handed out; the limit is ${limit}.`);
  });
}
