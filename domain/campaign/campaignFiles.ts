import type { CampaignSpec } from '../../schemas/campaign';
import type { Path } from './specIssue';

/** A file or folder that a campaign names. */
export interface FileReference {
  path: Path;
  kind: 'file' | 'folder';
  /** As written: relative to the campaign file, or absolute. */
  location: string;
}

/** All files and folders that a campaign names, in the order of the spec. */
export function fileReferences({ policy, tasks }: CampaignSpec): FileReference[] {
  const { profiles, generate, import: imported } = tasks;
  const pools = generate?.pools ?? [];
  return [
    ...baseReferences(policy.base),
    ...file(['tasks', 'profiles', 'agents'], profiles.agents),
    ...file(['tasks', 'profiles', 'relationships'], profiles.relationships),
    ...pools.flatMap((pool, index) => file(['tasks', 'generate', 'pools', index, 'file'], pool.file)),
    ...file(['tasks', 'generate', 'examples'], generate?.examples),
    ...file(['tasks', 'generate', 'excludeKeywords'], generate?.excludeKeywords),
    ...file(['tasks', 'import', 'environments'], imported?.environments),
    ...file(['tasks', 'import', 'pairs'], imported?.pairs),
  ];
}

function baseReferences(base: CampaignSpec['policy']['base']): FileReference[] {
  if ('directory' in base) {
    return [{ path: ['policy', 'base', 'directory'], kind: 'folder', location: base.directory }];
  }
  const { corpus } = base.pretrain;
  return 'file' in corpus ? file(['policy', 'base', 'pretrain', 'corpus', 'file'], corpus.file) : [];
}

const file = (path: Path, location: string | undefined): FileReference[] =>
  location === undefined ? [] : [{ path, kind: 'file', location }];
