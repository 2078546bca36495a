import type { AgentProfile, RelationshipProfile } from '../../schemas/profiles';
import { mayPlay } from './constraints';
import type { ImportFinding } from './findings';
import type { UnplacedTask } from './importEnvironments';
import { readJsonLines, type SourceFile, type SourceLine } from './jsonLines';
import { type LineReader, readLines } from './lineReader';

/** What pairs refer to. */
export interface PairReferences {
  agents: readonly AgentProfile[];
  relationships: readonly RelationshipProfile[];
  environments: readonly UnplacedTask[];
}

/**
 * Reads Sotopia EnvAgentComboStorages: the pairs prescribed for each task, in the order of the file. Pairs of unknown
 * tasks or agents are left out; pairs against the task's own constraints or relationship are kept with a warning.
 */
export function importPairs(
  file: SourceFile,
  references: PairReferences,
  findings: ImportFinding[],
  accepted: SourceLine[] = [],
): Record<string, [string, string][]> {
  const agents = new Map(references.agents.map((agent) => [agent.id, agent]));
  const tasks = new Map(references.environments.map((task) => [task.id, task]));
  const seen = new Set<string>();
  const known = new Map<string, number[]>();
  for (const { agents: pair, relationship } of references.relationships) {
    const key = pairKey(pair);
    known.set(key, [...(known.get(key) ?? []), relationship]);
  }

  const pairs = readLines(readJsonLines(file, findings), findings, accepted, (reader) => {
    reader.raw('combo_id', 'pk', 'id');
    const taskId = reader.text('env_id');
    const task = tasks.get(taskId) ?? reader.refuse('unknown-task', 'env_id', taskId, 'no such task');
    const pair = readPair(reader, agents);
    const key = JSON.stringify([taskId, pair]);
    if (seen.has(key)) reader.refuse('duplicate-pair', 'agent_ids', pair, 'an earlier line has it');
    seen.add(key);
    reportMismatch(reader, task, pair, agents, known.get(pairKey(pair)));
    return { taskId, pair };
  });

  const byTask = new Map<string, [string, string][]>();
  for (const { taskId, pair } of pairs) byTask.set(taskId, [...(byTask.get(taskId) ?? []), pair]);
  return Object.fromEntries(byTask);
}

const pairKey = (pair: readonly [string, string]): string => JSON.stringify([...pair].sort());

function readPair(reader: LineReader, agents: ReadonlyMap<string, AgentProfile>): [string, string] {
  const found = reader.raw('agent_ids');
  const ids = reader.texts('agent_ids') ?? [];
  const [first, second] = ids;
  if (first === undefined || second === undefined || ids.length !== 2) {
    return reader.refuse('wrong-type', 'agent_ids', found, `expected two agents, found ${ids.length}`);
  }
  for (const id of ids) {
    if (!agents.has(id)) reader.refuse('unknown-agent', 'agent_ids', id, 'no such agent');
  }
  if (first === second) reader.refuse('same-agent', 'agent_ids', found, 'an agent with itself');
  return [first, second];
}

function reportMismatch(
  reader: LineReader,
  task: UnplacedTask,
  pair: readonly [string, string],
  agents: ReadonlyMap<string, AgentProfile>,
  relationships: readonly number[] | undefined,
): void {
  const outside = ([0, 1] as const).filter((position) => {
    const agent = agents.get(pair[position]);
    return agent !== undefined && !mayPlay(agent, position, task.constraints);
  });
  if (outside.length > 0) {
    const sides = outside.join(' and ');
    reader.warn(
      'pair-outside-constraints',
      'agent_ids',
      pair,
      `kept; position ${sides} breaks the task's constraints`,
    );
  }
  if (!relationships?.includes(task.relationship)) {
    const did = `kept; they have no relationship of type ${task.relationship}, which the task asks for`;
    reader.warn('pair-without-relationship', 'agent_ids', pair, did);
  }
}
