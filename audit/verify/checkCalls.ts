import { z } from 'zod';
import type { Bucket } from '../../artifacts/bucket';
import { readDocument } from '../readBlob';
import type { Findings } from './findings';
import type { LoadedCampaign } from './loadCampaign';
import { whereReadable } from './whereReadable';

const HandedOut = z.strictObject({ calls: z.number() });

/** No more calls of models were handed out than the plan's limit allows, and the stages took no more than that. */
export async function checkCalls(
  bucket: Bucket,
  { id, plan, log, stages }: LoadedCampaign,
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
  const own = new Set(
    log.flatMap(({ entry: { event } }) =>
      event.kind === 'stage-finished' && !event.reused ? [event.stage] : [],
    ),
  );
  const made = stages
    .filter((stage) => own.has(stage.id))
    .reduce((sum, { result }) => sum + result.cost.calls, 0);
  if (made > limit)
    findings.fail(`campaigns/${id}/log/`, `The stages made ${made} calls; the limit is ${limit}.`);
}
