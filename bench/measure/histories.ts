import type { Client } from '@temporalio/client';

/** What Temporal keeps of a campaign: all runs of its workflow and of its collections. */
export interface Histories {
  workflows: number;
  events: number;
  bytes: number;
  /** Of a single run: Temporal warns at 10,240 events or 10 MB and ends it at 51,200 or 50 MB. */
  largest: { events: number; bytes: number };
}

/** @param prefix of the ids of the workflows meant */
export async function historiesOf({ workflow }: Client, prefix: string): Promise<Histories> {
  const sum: Histories = { workflows: 0, events: 0, bytes: 0, largest: { events: 0, bytes: 0 } };
  for await (const { workflowId, runId } of workflow.list({ query: `WorkflowId STARTS_WITH "${prefix}"` })) {
    // The list itself knows the lengths only of those that have ended.
    const { historyLength: events, historySize: bytes = 0 } = await workflow
      .getHandle(workflowId, runId)
      .describe();
    sum.workflows += 1;
    sum.events += events;
    sum.bytes += bytes;
    sum.largest.events = Math.max(sum.largest.events, events);
    sum.largest.bytes = Math.max(sum.largest.bytes, bytes);
  }
  return sum;
}
