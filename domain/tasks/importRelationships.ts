import type { AgentProfile, RelationshipProfile } from '../../schemas/profiles';
import type { ImportFinding } from './findings';
import { readJsonLines, type SourceFile, type SourceLine } from './jsonLines';
import { readIdentified } from './lineReader';

/** Reads Sotopia RelationshipProfiles; those of unknown agents, or of an agent with itself, are left out. */
export function importRelationships(
  file: SourceFile,
  agents: readonly AgentProfile[],
  findings: ImportFinding[],
  accepted: SourceLine[] = [],
): RelationshipProfile[] {
  const known = new Set(agents.map((agent) => agent.id));
  return readIdentified(
    readJsonLines(file, findings),
    findings,
    accepted,
    'relationship_id',
    (reader, id) => {
      const pair: [string, string] = [
        reader.text('agent1_id', 'agent_1_id'),
        reader.text('agent2_id', 'agent_2_id'),
      ];
      const relationship = reader.integer('relationship', 0, 5);
      const backgroundStory = reader.textOr('', 'background_story');
      for (const [index, agent] of pair.entries()) {
        if (!known.has(agent)) reader.refuse('unknown-agent', `agent${index + 1}_id`, agent, 'no such agent');
      }
      if (pair[0] === pair[1]) reader.refuse('same-agent', 'agent2_id', pair[1], 'an agent with itself');
      return { id, agents: pair, relationship, backgroundStory };
    },
  );
}
