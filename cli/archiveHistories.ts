import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { campaignWorkflowId } from '../schemas/names';

export interface ArchivedHistories {
  directory: string;
  workflows: number;
  events: number;
  /** Bytes of the largest payload in any of them; 64 KiB is the most we promise. */
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
    const text = compactJson(historyToJSON(history));
    const file = `${workflowId.replaceAll('/', '_')}.${runId}.json`;
    await writeFile(join(directory, file), text);
    archived.workflows += 1;
    archived.events += history.events?.length ?? 0;
    archived.largestPayload = Math.max(archived.largestPayload, largestPayload(text));
  }
  return archived;
}

/**
 * Bytes of the largest payload in a history's JSON, where payloads are `{"metadata": …, "data": base64}`: inputs,
 * results, details, headers and failures alike.
 */
export function largestPayload(historyJson: string): number {
  let largest = 0;
  JSON.parse(historyJson, (member, value: unknown) => {
    if (member === 'data' && typeof value === 'string') {
      largest = Math.max(largest, Buffer.byteLength(value, 'base64'));
    }
    return value;
  });
  return largest;
}

/** The SDK indents its JSON, which makes half of it spaces. */
const compactJson = (json: string): string => JSON.stringify(JSON.parse(json));
