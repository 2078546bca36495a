import { handedOutKey, logFolder } from '../../artifacts/documentKeys';
import { z } from 'zod';
import type { Bucket } from '../../artifacts/bucket';
import { Plan } from '../../schemas/plan';
import { readDocument } from '../readBlob';
import { lastRun } from '../readCampaign';
import { kindOf } from '../readManifest';
import type { RecordedCalls } from './checkRow';
import type { Findings } from './findings';
import type { LoadedCampaign } from './loadCampaign';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

const HandedOut = z.strictObject({ calls: z.number() });

/**
 * No more calls of models were handed out than the plan's limit allows, and the stages that the campaign made itself
 * took no more than that. What policies of our own answer is not limited.
 */
export async function checkCalls(
  bucket: Bucket,
  campaign: LoadedCampaign,
  recorded: ReadonlyMap<string, RecordedCalls>,
  blobs: VerifiedBlobs,
  findings: Findings,
): Promise<void> {
  const { id, log, stages } = campaign;
  const limit = await limitOf(campaign, blobs);
  if (limit === null) return;
  findings.looked();
  const key = handedOutKey(id);
  await whereReadable(key, findings, async () => {
    const handedOut = await readDocument(bucket, key, HandedOut);
    if (handedOut && handedOut.calls > limit)
      findings.fail(key, `${handedOut.calls} calls were handed out; the limit is ${limit}.`);
  });
  const own = new Set(
    lastRun(log).flatMap(({ entry: { event } }) =>
      event.kind === 'stage-finished' && !event.reused ? [event.key] : [],
    ),
  );
  const made = stages
    .filter((stage) => own.has(stage.key))
    .reduce((sum, { key: its, result, manifest }) => {
      const isAuthoring = manifest && kindOf(manifest.statement) === 'prepareTasks';
      return sum + (isAuthoring ? result.cost.calls : (recorded.get(its)?.provider ?? 0));
    }, 0);
  if (made > limit) findings.fail(logFolder(id), `The stages made ${made} calls; the limit is ${limit}.`);
}

/** The highest that a plan of the last run set; null when one of them set none. */
async function limitOf({ log, plan }: LoadedCampaign, blobs: VerifiedBlobs): Promise<number | null> {
  const followed = lastRun(log).flatMap(({ entry: { event } }) => {
    if (event.kind === 'campaign-started') return [event.plan];
    return event.kind === 'steering' && !event.record.refused ? (event.record.plan ?? []) : [];
  });
  const limits = [plan?.limits.modelCalls ?? null];
  for (const digest of followed) {
    const earlier = await blobs.json(digest, Plan).catch(() => null);
    if (earlier) limits.push(earlier.limits.modelCalls);
  }
  return limits.includes(null) ? null : Math.max(...limits.map(Number));
}
