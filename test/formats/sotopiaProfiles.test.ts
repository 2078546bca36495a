import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importProfiles, type ProfileFiles } from '../../domain/tasks/importProfiles';
import { exportProfiles, type SotopiaProfiles } from '../../formats/sotopia/exportProfiles';
import type { TaskSet } from '../../schemas/profiles';
import { validate } from '../support/validators';
import { agentLine, environmentLine, jsonLines, taskSet } from '../unit/tasksFixtures';

type Row = Record<string, unknown>;

/** Lines with the oddities of the published files, and fields that π-loop has no use for. */
const AGENTS: Row[] = [
  agentLine('anna', { moral_values: ['Care', ' Fairness'], model_id: undefined, tag: undefined }),
  agentLine('bert', { public_info: ' Sells bread. ', age: 44, hobby: { name: 'chess', years: 3 } }),
  agentLine('cleo', { occupation: 'Nurse', first_name: 'Cléo ☕' }),
];
const RELATIONSHIPS: Row[] = [
  {
    relationship_id: 'r1',
    agent1_id: 'anna',
    agent2_id: 'bert',
    relationship: '2',
    background_story: 'Old friends.',
  },
  {
    pk: 'r2',
    agent_1_id: 'bert',
    agent_2_id: 'cleo',
    relationship: 4,
    background_story: 'Married.',
    tag: 'x',
  },
];
const ENVIRONMENTS: Row[] = [
  environmentLine('bread', {
    age_constraint: '[(18, 70), (18, 70)]',
    occupation_constraint: 'nan',
    agent_constraint: 'none',
    relationship: '2',
    game_metadata: { rounds: [1, 2], note: null },
  }),
  environmentLine('boat', {
    agent_constraint: "[['anna'], ['bert']]",
    occupation_constraint: null,
    tag: ' a, b ',
  }),
];
const PAIRS: Row[] = [
  { combo_id: 'c1', env_id: 'boat', agent_ids: ['anna', 'bert'] },
  { combo_id: 'c2', env_id: 'bread', agent_ids: ['bert', 'anna'], note: 'kept' },
  { pk: 'c3', env_id: 'boat', agent_ids: ['anna', 'cleo'] },
];

const file = (name: string, rows: Row[]) => ({ name, text: jsonLines(...rows) });
const FILES: ProfileFiles = {
  agents: file('agents', AGENTS),
  relationships: file('relationships', RELATIONSHIPS),
  environments: file('environments', ENVIRONMENTS),
  pairs: file('pairs', PAIRS),
};

/** As the stage `tasks` leaves it. */
function imported(files: ProfileFiles): TaskSet {
  const { agents, relationships, environments, prescribedPairs } = importProfiles(files);
  const tasks = environments.map((environment) => ({ ...environment, split: 'test' }));
  return taskSet({ agents, relationships, tasks, prescribedPairs });
}

/** Which line of which file it was changes on the way. */
const withoutProvenance = ({ provenance: _provenance, ...task }: TaskSet['tasks'][number]) => task;

const exported = exportProfiles(imported(FILES), FILES);

/** Fields of the lines that came back otherwise, as `file.field: from → to`. */
function differences(given: readonly Row[], back: readonly Row[], name: string): string[] {
  expect(back).toHaveLength(given.length);
  return given.flatMap((row, index) =>
    Object.entries(row)
      .filter(([field, value]) => JSON.stringify(back[index]?.[field]) !== JSON.stringify(value))
      .map(
        ([field, value]) =>
          `${name}.${field}: ${JSON.stringify(value)} → ${JSON.stringify(back[index]?.[field])}`,
      ),
  );
}

const NORMALISED = [
  'relationships.relationship: "2" → 2',
  'environments.relationship: "2" → 2',
  'environments.agent_constraint: "none" → null',
  `environments.agent_constraint: "[['anna'], ['bert']]" → [["anna"],["bert"]]`,
];

test('what was imported is exported with every field as it stood, save the listed normalisations', () => {
  expect([
    ...differences(AGENTS, exported.agents, 'agents'),
    ...differences(RELATIONSHIPS, exported.relationships, 'relationships'),
    ...differences(ENVIRONMENTS, exported.environments, 'environments'),
    ...differences(PAIRS, exported.combos, 'pairs'),
  ]).toEqual(NORMALISED);
  expect(exported.normalised).toHaveLength(NORMALISED.length);
  expect(exported.leftOut).toEqual([]);
});

test('an export is imported as the same profiles again, with or without the files it came from', () => {
  const { tasks: _tasks, ...given } = imported(FILES);
  for (const from of [exported, exportProfiles(imported(FILES), null)]) {
    const { tasks, ...again } = imported({
      agents: file('agents', from.agents),
      relationships: file('relationships', from.relationships),
      environments: file('environments', from.environments),
      pairs: file('pairs', from.combos),
    });
    expect(again).toEqual(given);
    expect(tasks.map(withoutProvenance)).toEqual(imported(FILES).tasks.map(withoutProvenance));
  }
});

test('a line that the importer leaves out is named', () => {
  const broken = { ...FILES, agents: file('agents', [...AGENTS, { agent_id: 'dora', age: 7 }]) };
  const { agents, leftOut } = exportProfiles(imported(broken), broken);
  expect(agents).toHaveLength(AGENTS.length);
  expect(leftOut).toMatchObject([{ file: 'agents', line: 4, field: 'first_name' }]);
});

test('a profile that is no longer what its line says is written as the campaign has it', () => {
  const changed = imported(FILES);
  const [anna, ...others] = changed.agents;
  if (!anna) throw new Error('no agent');
  const { agents } = exportProfiles({ ...changed, agents: [{ ...anna, age: 31 }, ...others] }, FILES);
  expect(agents[0]).toMatchObject({ agent_id: 'anna', age: 31 });
});

test('pairs that were drawn are combinations too, each once', () => {
  const { combos } = exportProfiles(imported(FILES), FILES, [
    ['boat', ['anna', 'bert']],
    ['boat', ['bert', 'cleo']],
    ['boat', ['bert', 'cleo']],
  ]);
  expect(combos.map(({ agent_ids }) => agent_ids)).toEqual([
    ['anna', 'bert'],
    ['bert', 'anna'],
    ['anna', 'cleo'],
    ['bert', 'cleo'],
  ]);
});

test('Sotopia’s own models read the exported profiles', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotopia-'));
  writeProfiles(folder, exported);
  writeFileSync(join(folder, 'episode_logs.jsonl'), '');
  await expect(validate('sotopia_models.py', [folder], 'peer')).resolves.toMatchObject({
    models: {
      agent_profiles: [
        { pk: 'anna', moral_values: ['Care', ' Fairness'] },
        { pk: 'bert' },
        { first_name: 'Cléo ☕' },
      ],
      relationship_profiles: [
        { pk: 'r1', agent_1_id: 'anna', relationship: 2 },
        { pk: 'r2', tag: 'x' },
      ],
      environment_profiles: [
        { pk: 'bread', agent_constraint: null },
        { agent_constraint: [['anna'], ['bert']] },
      ],
      env_agent_combo_storages: [
        { pk: 'c1' },
        { pk: 'c2', agent_ids: ['bert', 'anna'] },
        { pk: 'c3', env_id: 'boat' },
      ],
    },
  });
  rmSync(folder, { recursive: true });
});

function writeProfiles(
  folder: string,
  { agents, relationships, environments, combos }: SotopiaProfiles,
): void {
  const files = {
    agent_profiles: agents,
    relationship_profiles: relationships,
    environment_profiles: environments,
    env_agent_combo_storages: combos,
  };
  for (const [name, rows] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.jsonl`), jsonLines(...rows));
  }
}
