import type { z } from 'zod';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { type ImportedProfiles, importProfiles, type ProfileFiles } from '../../domain/tasks/importProfiles';
import type { SourceLine } from '../../domain/tasks/jsonLines';
import type { TaskSet } from '../../schemas/profiles';
import { type Normalised, recordFromSource } from './fromSource';
import { AgentRecord, ComboRecord, EnvironmentRecord, RelationshipRecord } from './records';
import { agentRecord, comboRecord, environmentRecord, relationshipRecord } from './toRecords';

type Row = Record<string, unknown>;

/** Sotopia's profiles, one record a line of each file. */
export interface SotopiaProfiles {
  environments: Row[];
  agents: Row[];
  relationships: Row[];
  combos: Row[];
  /** Fields of imported lines that are not written as they stood. */
  normalised: Normalised[];
  /** Lines that the importer left out, as its findings of severity `error` say. */
  leftOut: ImportedProfiles['findings'];
}

const NOTHING: ImportedProfiles = {
  agents: [],
  relationships: [],
  environments: [],
  prescribedPairs: {},
  findings: [],
  lines: { agents: [], relationships: [], environments: [], pairs: [] },
};

/**
 * A campaign's profiles in Sotopia's words. What was imported comes from the imported files themselves, so that no
 * field is lost; what the files do not have, or no longer have in the same sense, comes from the task set.
 * @param files the imported files; null when they are not to be had
 * @param played tasks with the agents that met on them
 */
export function exportProfiles(
  taskSet: TaskSet,
  files: ProfileFiles | null,
  played: Iterable<readonly [string, readonly [string, string]]> = [],
): SotopiaProfiles {
  const imported = files ? importProfiles(files) : NOTHING;
  const normalised: Normalised[] = [];
  const tasks = taskSet.tasks.map(({ split: _split, ...task }) => task);
  return {
    environments: recordsOf(
      tasks,
      imported.environments,
      imported.lines.environments,
      environmentRecord,
      EnvironmentRecord,
      ['pk', 'env_id'],
      normalised,
    ),
    agents: recordsOf(
      taskSet.agents,
      imported.agents,
      imported.lines.agents,
      agentRecord,
      AgentRecord,
      ['pk', 'agent_id'],
      normalised,
    ),
    relationships: recordsOf(
      taskSet.relationships,
      imported.relationships,
      imported.lines.relationships,
      relationshipRecord,
      RelationshipRecord,
      ['pk', 'relationship_id', 'agent_1_id', 'agent_2_id', 'agent1_id', 'agent2_id'],
      normalised,
    ),
    combos: combosOf(taskSet, imported, played, normalised),
    normalised,
    leftOut: imported.findings.filter(({ severity }) => severity === 'error'),
  };
}

function recordsOf<P extends { id: string }>(
  used: readonly P[],
  imported: readonly P[],
  lines: readonly SourceLine[],
  toRecord: (profile: P) => Row,
  schema: z.ZodObject,
  required: readonly string[],
  normalised: Normalised[],
): Row[] {
  const own = new Map(used.map((profile) => [profile.id, profile]));
  const given = imported.map((profile, index): Row => {
    const now = own.get(profile.id) ?? profile;
    own.delete(profile.id);
    const line = lines[index];
    const isSame = canonicalJson(now) === canonicalJson(profile);
    return isSame && line
      ? recordFromSource(line, toRecord(now), schema, required, normalised)
      : toRecord(now);
  });
  return [...given, ...[...own.values()].map(toRecord)];
}

/** Combinations as they were imported; then those prescribed or played besides. */
function combosOf(
  { prescribedPairs }: TaskSet,
  imported: ImportedProfiles,
  played: Iterable<readonly [string, readonly [string, string]]>,
  normalised: Normalised[],
): Row[] {
  const combos = new Map<string, Row>();
  const keyOf = ({ env_id, agent_ids }: { env_id: string; agent_ids: string[] }) =>
    JSON.stringify([env_id, agent_ids]);
  const seen = new Map<string, number>();
  for (const line of imported.lines.pairs) {
    const task = String(line.record['env_id']).trim();
    const index = seen.get(task) ?? 0;
    seen.set(task, index + 1);
    const pair = imported.prescribedPairs[task]?.[index];
    if (pair === undefined) continue;
    const ours = comboRecord(task, pair);
    const named = { ...ours, pk: line.record['combo_id'] ?? line.record['pk'] ?? ours.pk };
    const ids = { ...named, combo_id: named.pk };
    combos.set(keyOf(ours), recordFromSource(line, ids, ComboRecord, ['pk', 'combo_id'], normalised));
  }
  const prescribed = Object.entries(prescribedPairs).flatMap(([task, pairs]) =>
    pairs.map((pair) => [task, pair] as const),
  );
  for (const [task, pair] of [...prescribed, ...played]) {
    const record = comboRecord(task, pair);
    if (!combos.has(keyOf(record))) combos.set(keyOf(record), record);
  }
  return [...combos.values()];
}
