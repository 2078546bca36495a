import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ImportedProfiles, importProfiles } from '../domain/tasks';

/** Reads the profile files that a campaign imports, by their paths in the spec. */
export async function readProfiles(files: Readonly<Record<string, string>>): Promise<ImportedProfiles> {
  const source = async (path: string) => {
    const file = files[path];
    return file === undefined ? undefined : { name: basename(file), text: await readFile(file, 'utf8') };
  };
  const [agents, relationships, environments, pairs] = await Promise.all([
    source('tasks.profiles.agents'),
    source('tasks.profiles.relationships'),
    source('tasks.import.environments'),
    source('tasks.import.pairs'),
  ]);
  return importProfiles({
    agents: agents ?? { name: 'agents', text: '' },
    ...(relationships && { relationships }),
    ...(environments && { environments }),
    ...(pairs && { pairs }),
  });
}
