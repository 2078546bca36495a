import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { historySource } from '../../workers/historySource';
import { campaignWorkflowId } from '../../schemas/names';
import type { ControlledSystem } from './controlledSystem';

/** @returns the folder with the histories of all runs of a campaign and of its child workflows */
export async function historiesOf(system: ControlledSystem, id: string): Promise<string> {
  const directory = system.state.file(`histories/${id}`);
  const connection = await Connection.connect({ address: system.environment['TEMPORAL_ADDRESS'] ?? '' });
  try {
    await writeHistories(new Client({ connection }), id, directory);
  } finally {
    await connection.close();
  }
  return directory;
}

async function writeHistories(client: Client, id: string, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const root = campaignWorkflowId(id);
  const histories = historySource(client);
  const query = `WorkflowId = "${root}" OR WorkflowId STARTS_WITH "${root}/"`;
  for await (const { workflowId: workflow, runId: run } of client.workflow.list({ query })) {
    const history = await histories.fetch({ workflow, run });
    if (history) writeFileSync(join(directory, `${workflow.replaceAll('/', '_')}.${run}.json`), history.json);
  }
}

export const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Those of the files that hold the text, as bytes. */
export const holding = (files: readonly string[], text: string): string[] =>
  files.filter((file) => readFileSync(file).includes(text));
