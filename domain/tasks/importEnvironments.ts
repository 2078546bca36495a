import type { AgentProfile, PairConstraints, SocialTask } from '../../schemas/profiles';
import { anyoneMayPlay, type ConstraintReading, readAges, readNames } from './constraints';
import { type ImportFinding, shown } from './findings';
import { readJsonLines, type SourceFile, type SourceLine } from './jsonLines';
import { type LineReader, readIdentified } from './lineReader';
import { comparable, goalsKey } from './normalise';

/** A social task that no split has yet. */
export type UnplacedTask = Omit<SocialTask, 'split'>;

/**
 * Reads Sotopia EnvironmentProfiles as social tasks. Left out: other than two goals, equal goals, and the goals of an
 * earlier line again. A constraint that cannot be read or that nobody meets is a warning; the task stays.
 */
export function importEnvironments(
  file: SourceFile,
  agents: readonly AgentProfile[],
  findings: ImportFinding[],
  accepted: SourceLine[] = [],
): UnplacedTask[] {
  const known = new Map<string, string>();
  return readIdentified(readJsonLines(file, findings), findings, accepted, 'env_id', (reader, id) => {
    const goals = readGoals(reader);
    const earlier = known.get(goalsKey(goals));
    if (earlier !== undefined) {
      reader.refuse('duplicate-task', 'agent_goals', goals, `task ${earlier} has the same goals`);
    }
    const task = readTask(reader, id, goals, agents);
    known.set(goalsKey(goals), id);
    return task;
  });
}

function readTask(
  reader: LineReader,
  id: string,
  goals: [string, string],
  agents: readonly AgentProfile[],
): UnplacedTask {
  const { file, line, digest } = reader.source;
  const tag = reader.raw('tag');
  const game = reader.raw('game_metadata');
  if (game !== undefined) {
    reader.warn('ignored-field', 'game_metadata', game, 'ignored: episodes follow the campaign’s own rules');
  }
  return {
    id,
    codename: reader.textOr('', 'codename'),
    source: reader.textOr('', 'source'),
    scenario: reader.text('scenario'),
    goals,
    relationship: reader.integer('relationship', 0, 5, 0),
    constraints: readConstraints(reader, agents),
    tags: typeof tag === 'string' && tag.trim() !== '' ? [tag.trim()] : [],
    provenance: { kind: 'imported', file, line, digest },
  };
}

function readGoals(reader: LineReader): [string, string] {
  const found = reader.raw('agent_goals');
  const goals = (reader.texts('agent_goals') ?? []).filter((goal) => goal !== '');
  const [first, second] = goals;
  if (first === undefined || second === undefined || goals.length !== 2) {
    return reader.refuse('not-two-goals', 'agent_goals', found, `expected two goals, found ${goals.length}`);
  }
  if (comparable(first) === comparable(second)) {
    reader.refuse('same-goals', 'agent_goals', found, 'both sides want the same');
  }
  return [first, second];
}

function readConstraints(reader: LineReader, agents: readonly AgentProfile[]): PairConstraints {
  const constraints: PairConstraints = {
    ages: constraintOf(reader, 'age_constraint', readAges),
    occupations: constraintOf(reader, 'occupation_constraint', readNames),
    agents: constraintOf(reader, 'agent_constraint', readNames),
  };
  const known = new Set(agents.map((agent) => agent.id));
  for (const agent of constraints.agents?.flat() ?? []) {
    if (!known.has(agent)) reader.warn('unknown-agent', 'agent_constraint', agent, 'kept, but no such agent');
  }
  if (!anyoneMayPlay(agents, constraints)) {
    const did = 'kept; pairs will be cast without these constraints, and say so';
    reader.warn('nobody-fits', 'constraints', constraints, did);
  }
  return constraints;
}

function constraintOf<T>(
  reader: LineReader,
  field: string,
  read: (found: unknown) => ConstraintReading<T>,
): T | null {
  const found = reader.raw(field);
  const reading = read(found);
  if (reading.kind === 'read') return reading.value;
  if (reading.kind === 'unreadable') {
    reader.warn('constraint-unreadable', field, found, 'ignored: no list of two sides');
  } else if (found !== undefined) {
    reader.note('no-constraint-as-text', field, found, `${shown(found)} read as no constraint`);
  }
  return null;
}
