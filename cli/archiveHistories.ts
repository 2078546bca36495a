import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { campaignWorkflowId } from '../schemas/names';

export interface ArchivedHistories {
  directory: string;
  workflows: number;
  events: number;
  /** Bytes of the largest payload in any of them. */
  largestPayload: number;
}

/** Writes the histories of a campaign's last run and of its children as JSON, for replay tests and the audit. */
export async function archiveHistories(
  client: Client,
  campaign: string,
  directory: string,
): Promise<ArchivedHistories> {
  await mkdir(directory, { recursive: true });
  const root = campaignWorkflowId(campaign);
  const archived = { directory, workflows: 0, events: 0, largestPayload: 0 };
  const query = `WorkflowId = "${root}" OR WorkflowId STARTS_WITH "${root}/"`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const text = JSON.stringify(historyToJSON(history));
    const file = `${workflowId.replaceAll('/', '_')}.${runId}.json`;
    await writeFile(join(directory, file), text);
    archived.workflows += 1;
    archived.events += history.events?.length ?? 0;
    archived.largestPayload = Math.max(archived.largestPayload, largestPayload(text));
  }
  return archived;
}

/** Payload data is base64 in a history's JSON. */
function largestPayload(text: string): number {
  let largest = 0;
  for (const [, data = ''] of text.matchAll(/"data":"([A-Za-z0-9+/=]+)"/g)) {
    largest = Math.max(largest, Buffer.byteLength(data, 'base64'));
  }
  return largest;
}
