import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { archiveHistories } from '../../cli/archiveHistories';
import type { ControlledSystem } from './controlledSystem';

/** @returns the folder with the histories of all runs of a campaign and of its child workflows */
export async function historiesOf(system: ControlledSystem, id: string): Promise<string> {
  const directory = system.state.file(`histories/${id}`);
  const connection = await Connection.connect({ address: system.environment['TEMPORAL_ADDRESS'] ?? '' });
  try {
    await archiveHistories(new Client({ connection }), id, directory);
  } finally {
    await connection.close();
  }
  return directory;
}

export const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Those of the files that hold the text, as bytes. */
export const holding = (files: readonly string[], text: string): string[] =>
  files.filter((file) => readFileSync(file).includes(text));
