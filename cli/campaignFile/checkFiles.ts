import { existsSync } from 'node:fs';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type FileReference,
  fileReferences,
  type ParsedCampaign,
  pathText,
  type SpecIssue,
} from '../../domain/campaign';

/** Whether the folders of models must be there: to plan a campaign nobody downloads gigabytes. */
export type ModelFolders = 'needed' | 'optional';

/**
 * The files and folders that a campaign names, resolved against the campaign file's folder, and what is wrong with
 * them. Parts of the campaign that are themselves mistakes are passed over.
 */
export async function checkFiles(
  { spec, isReplaced }: ParsedCampaign,
  folder: string,
  models: ModelFolders,
): Promise<{ files: Record<string, string>; issues: SpecIssue[] }> {
  const references = (spec ? fileReferences(spec) : []).filter(({ path }) => !isReplaced(path));
  const located = references.map((reference) => ({
    ...reference,
    location: resolve(folder, reference.location),
  }));
  const needed = located.filter(
    ({ kind, location }) => kind === 'file' || models === 'needed' || existsSync(location),
  );
  const issues = await Promise.all(needed.map(checkFile));
  return {
    files: Object.fromEntries(located.map(({ path, location }) => [pathText(path), location])),
    issues: issues.flat(),
  };
}

async function checkFile({ path, kind, location }: FileReference): Promise<SpecIssue[]> {
  const fault = await (kind === 'file' ? fileFault(location) : folderFault(location)).catch(accessFault);
  if (fault === null) return [];
  const expected = kind === 'file' ? 'a file that can be read' : 'a folder with a model in it';
  return [{ path, found: `${fault} ${location}`, expected }];
}

async function fileFault(location: string): Promise<string | null> {
  const found = await stat(location);
  if (found.isDirectory()) return 'a folder at';
  await access(location, constants.R_OK);
  return found.size === 0 ? 'an empty file at' : null;
}

async function folderFault(location: string): Promise<string | null> {
  return (await readdir(location)).length === 0 ? 'an empty folder at' : null;
}

function accessFault(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'nothing at';
    case 'ENOTDIR':
      return 'a file at';
    case 'EACCES':
      return 'what may not be read at';
    default:
      return `${error.code ?? error.message} at`;
  }
}
