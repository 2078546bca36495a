import { campaignKey, logFolder } from '../../artifacts/documentKeys';
import type { LogHead } from '../../schemas/attestation';
import type { LogEvent } from '../../schemas/campaignLog';
import { lastRun } from '../readCampaign';
import type { Findings } from './findings';
import { type LoadedCampaign } from './loadCampaign';

/** What may still happen to a campaign that has ended; it may also be started again. */
const AFTER_THE_END: ReadonlySet<LogEvent['kind']> = new Set([
  'histories-archived',
  'collected',
  'forgotten',
  'campaign-started',
]);

/** The log is one chain from its first entry, holds the place that was noted outside, and tells what the record tells. */
export function checkLog(campaign: LoadedCampaign, noted: LogHead | null, findings: Findings): void {
  checkChain(campaign, findings);
  checkOrder(campaign, findings);
  checkNoted(campaign, noted, findings);
  checkRecord(campaign, findings);
}

function checkChain({ id, log }: LoadedCampaign, findings: Findings): void {
  const ids = new Set<string>();
  log.forEach(({ key, head, entry }, index) => {
    findings.looked();
    const before = log[index - 1];
    if (head.number !== index + 1 || entry.number !== head.number)
      findings.fail(
        key,
        `Entry ${entry.number} stands where entry ${index + 1} belongs: one is missing, moved or added.`,
      );
    if (entry.previous !== (before?.head.digest ?? null))
      findings.fail(
        key,
        `It does not follow the entry before it: that one was changed, or this one is of another chain.`,
      );
    if (entry.campaign !== id) findings.fail(key, `It is of campaign "${entry.campaign}".`);
    if (ids.has(entry.id)) findings.fail(key, `Entry ${entry.id} is there twice.`);
    ids.add(entry.id);
  });
}

function checkOrder({ log, stages }: LoadedCampaign, findings: Findings): void {
  const [first] = log;
  // A campaign that 0.2.0 started has a log since a later release goes on with it.
  const isOlder = stages.some(({ manifest }) => manifest?.envelope === null);
  if (first && first.entry.event.kind !== 'campaign-started' && !isOlder)
    findings.fail(first.key, `The log begins with ${first.entry.event.kind}, not with the campaign's start.`);
  let hasEnded = false;
  for (const { key, entry } of log) {
    const { kind } = entry.event;
    if (hasEnded && !AFTER_THE_END.has(kind)) findings.fail(key, `A ${kind} after the campaign has ended.`);
    if (kind === 'campaign-started') hasEnded = false;
    if (kind === 'campaign-finished' || kind === 'campaign-stopped') hasEnded = true;
  }
}

function checkNoted({ id, log }: LoadedCampaign, noted: LogHead | null, findings: Findings): void {
  const known = new Map(log.map(({ head }) => [head.number, head.digest]));
  if (noted && known.get(noted.number) !== noted.digest)
    findings.fail(
      logFolder(id),
      `The log does not hold the head that was noted, ${noted.number}:${noted.digest}: it ends with entry ${log.at(-1)?.head.number ?? 0}. The campaign was put back to an earlier state, or is another one.`,
    );
}

function checkRecord({ id, log, record, planDigest }: LoadedCampaign, findings: Findings): void {
  if (log.length === 0) return;
  const finished = log.findLast(({ entry }) => entry.event.kind === 'campaign-finished')?.entry.event;
  const key = campaignKey(id);
  const isRunning = !lastRun(log).some(({ entry }) => entry.event.kind === 'campaign-finished');
  if (!record) {
    if (finished) findings.fail(key, 'The log says that the campaign has finished; its record is missing.');
    return;
  }
  if (!finished || finished.kind !== 'campaign-finished') {
    findings.fail(key, 'There is a record of a finished campaign; the log knows of no end.');
    return;
  }
  // It is written anew at each end.
  if (isRunning) return;
  const same =
    record.results.digest.sha256 === finished.results &&
    JSON.stringify(record.stages.map(({ id: stage, key: its }) => [stage, its])) ===
      JSON.stringify(finished.stages.map(({ id: stage, key: its }) => [stage, its]));
  if (!same) findings.fail(key, 'The record names other stages or results than the log.');
  if (record.plan !== planDigest || record.campaign !== id)
    findings.fail(key, 'The record is of another campaign or plan than the log.');
}
