import { logFolder, logKey } from '../../artifacts/documentKeys';
import type { Bucket } from '../../artifacts/bucket';
import { sha256 } from '../../artifacts/canonicalJson';
import type { LogHead } from '../../schemas/attestation';
import { listCampaigns } from '../readCampaign';
import type { Findings } from './findings';
import { type LoadedCampaign, stageNode } from './loadCampaign';

/** A place in a campaign's log that something outside of it names. */
interface Place {
  campaign: string;
  head: LogHead;
  /** Who names it, among what is built on what. */
  user: string;
  /** What happened when the log had come so far. */
  what: string;
}

/**
 * The places that results and forks name are in the logs that they name, whichever of the bucket's campaigns these are
 * of: a log that was cut is found by what others built on it. A campaign that is not in the bucket is not missed: an
 * export has one alone.
 */
export async function checkHeads(
  bucket: Bucket,
  campaigns: readonly LoadedCampaign[],
  findings: Findings,
): Promise<void> {
  const places = campaigns.flatMap((campaign) => [...placesOfStages(campaign), ...placesOfForks(campaign)]);
  const there = new Set([...campaigns.map(({ id }) => id), ...(await listCampaigns(bucket))]);
  const told = new Set<string>();
  for (const { campaign, head, user, what } of places) {
    if (!there.has(campaign)) continue;
    findings.looked();
    const object = logFolder(campaign);
    findings.isUsed(object, user);
    const message = `${what} when the log had entry ${head.number} of digest ${head.digest}; it has none now.`;
    if (told.has(`${object} ${message}`) || (await isInLog(bucket, campaign, head))) continue;
    told.add(`${object} ${message}`);
    findings.fail(object, message);
  }
}

/** Asks the bucket, not what was read of the log before: a campaign that is running has gone on since. */
export async function isInLog(
  bucket: Bucket,
  campaign: string,
  { number, digest }: LogHead,
): Promise<boolean> {
  const entry = await bucket.read(logKey(campaign, number));
  return entry !== null && sha256(entry) === digest;
}

function placesOfStages({ id, stages }: LoadedCampaign): Place[] {
  return stages.flatMap(({ id: stage, resultKey, manifest }) => {
    const { externalParameters, internalParameters } = manifest?.statement.predicate.buildDefinition ?? {};
    const head = internalParameters?.log;
    if (!externalParameters || !head) return [];
    const { campaign } = externalParameters;
    const what = `Stage ${externalParameters.stage} (${resultKey}) was finished`;
    return [{ campaign, head, user: stageNode(id, stage), what }];
  });
}

function placesOfForks({ id, log }: LoadedCampaign): Place[] {
  return log.flatMap(({ entry: { event } }) => {
    if (event.kind !== 'campaign-started' || !event.parent?.head) return [];
    const { campaign, head } = event.parent;
    return [{ campaign, head, user: `campaign ${id}`, what: `Campaign ${id} was forked from it` }];
  });
}
