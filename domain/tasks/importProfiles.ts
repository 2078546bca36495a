import type { AgentProfile, RelationshipProfile } from '../../schemas/profiles';
import type { ImportFinding } from './findings';
import { importAgents } from './importAgents';
import { importEnvironments, type UnplacedTask } from './importEnvironments';
import { importPairs } from './importPairs';
import { importRelationships } from './importRelationships';
import type { SourceFile, SourceLine } from './jsonLines';

/** Sotopia's profile files, each as JSONL text. */
export interface ProfileFiles {
  agents: SourceFile;
  relationships?: SourceFile;
  environments?: SourceFile;
  /** EnvAgentComboStorages. */
  pairs?: SourceFile;
}

export interface ImportedProfiles {
  agents: AgentProfile[];
  relationships: RelationshipProfile[];
  environments: UnplacedTask[];
  /** By task id, in the order of the file. */
  prescribedPairs: Record<string, [string, string][]>;
  findings: ImportFinding[];
  /** The lines that were read, in the order of the files: for agents, relationships and environments one each. */
  lines: Record<'agents' | 'relationships' | 'environments' | 'pairs', SourceLine[]>;
}

/**
 * Reads Sotopia's profiles with all their quirks (facts page §7). Never throws for what a file says: whatever cannot
 * be honoured is a finding, and a line that cannot be used is left out.
 */
export function importProfiles(files: ProfileFiles): ImportedProfiles {
  const findings: ImportFinding[] = [];
  const lines: ImportedProfiles['lines'] = { agents: [], relationships: [], environments: [], pairs: [] };
  const agents = importAgents(files.agents, findings, lines.agents);
  const relationships = files.relationships
    ? importRelationships(files.relationships, agents, findings, lines.relationships)
    : [];
  const environments = files.environments
    ? importEnvironments(files.environments, agents, findings, lines.environments)
    : [];
  const references = { agents, relationships, environments };
  const prescribedPairs = files.pairs ? importPairs(files.pairs, references, findings, lines.pairs) : {};
  return { agents, relationships, environments, prescribedPairs, findings, lines };
}
