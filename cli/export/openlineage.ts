import type { Bucket } from '../../artifacts/bucket';
import type { AuditedCampaign } from '../../audit/readCampaign';
import { runEvents } from '../../formats/openlineage/events';
import type { LogEntry } from '../../schemas/campaignLog';
import type { ExportFolder } from './exportFolder';

export const EVENTS_FILE = 'openlineage.ndjson';

/** Writes a campaign's runs as OpenLineage events, one a line, in the order of time. */
export async function exportOpenLineage(_bucket: Bucket, campaign: AuditedCampaign, folder: ExportFolder) {
  const stages = campaign.stages.map(({ manifest, ...stage }) => ({
    ...stage,
    statement: manifest.statement,
  }));
  const { simulated } = campaign.plan.plan;
  const events = runsOf(campaign.log.map(({ entry }) => entry)).flatMap((log) =>
    runEvents({ campaign: campaign.id, simulated, stages, log }),
  );
  const file = folder.file(EVENTS_FILE);
  for (const event of events) await file.write(`${JSON.stringify(event)}\n`);
  return { events: events.length };
}

/** A campaign may have been started several times under its id; one without a log has one run. */
function runsOf(log: readonly LogEntry[]): LogEntry[][] {
  if (log.length === 0) return [[]];
  const runs: LogEntry[][] = [];
  for (const entry of log) {
    if (entry.event.kind === 'campaign-started' || runs.length === 0) runs.push([]);
    runs.at(-1)?.push(entry);
  }
  return runs;
}
