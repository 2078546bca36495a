import type { AgentProfile, RelationshipProfile } from '../../schemas/profiles';
import type { ImportFinding } from './findings';
import { importAgents } from './importAgents';
import { importEnvironments, type UnplacedTask } from './importEnvironments';
import { importPairs } from './importPairs';
import { importRelationships } from './importRelationships';
import type { SourceFile } from './jsonLines';

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
}

/**
 * Reads Sotopia's profiles with all their quirks (facts page §7). Never throws for what a file says: whatever cannot
 * be honoured is a finding, and a line that cannot be used is left out.
 */
export function importProfiles(files: ProfileFiles): ImportedProfiles {
  const findings: ImportFinding[] = [];
  const agents = importAgents(files.agents, findings);
  const relationships = files.relationships ? importRelationships(files.relationships, agents, findings) : [];
  const environments = files.environments ? importEnvironments(files.environments, agents, findings) : [];
  const references = { agents, relationships, environments };
  const prescribedPairs = files.pairs ? importPairs(files.pairs, references, findings) : {};
  return { agents, relationships, environments, prescribedPairs, findings };
}
