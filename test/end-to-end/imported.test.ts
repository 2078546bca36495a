import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Results } from '../../schemas/evaluation';
import type { CampaignResult } from '../../workflows/messages';
import { type RunningSystem, startSystem, TINY } from '../support/campaignRuns';
import { runCommandLine, type Spec, writeCampaignFile } from '../support/controlledSystem';
import { agentLine, environmentLine, jsonLines } from '../unit/tasksFixtures';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

const pi = (...args: string[]) => runCommandLine(args, process.env, system.state);
const start = (file: string) => pi('start', file, '--watch', '--state', system.state);

/** Files of Sotopia's shape with their usual oddities, and two lines that cannot be used. */
const FILES = {
  agents: jsonLines(
    agentLine('ann', { model_id: undefined, moral_values: ['Care', ' Fairness'] }),
    agentLine('bob'),
    agentLine('cid', { age: undefined }),
  ),
  relationships: jsonLines({
    relationship_id: 'r1',
    agent1_id: 'ann',
    agent2_id: 'bob',
    relationship: '2',
    background_story: 'They share a street.',
  }),
  environments: jsonLines(
    ...['ladder', 'garden', 'parking', 'party'].map((subject) =>
      environmentLine(subject, {
        scenario: `Two neighbours meet on the stairs and talk about the ${subject} behind the house.`,
        relationship: '2',
        occupation_constraint: 'nan',
      }),
    ),
    environmentLine('alone', { agent_goals: ['Find somebody to talk to'] }),
  ),
  pairs: jsonLines({ combo_id: 'c1', env_id: 'ladder', agent_ids: ['ann', 'bob'] }),
};

function importedCampaign(name: string, change: (spec: Spec) => void = () => undefined): string {
  const files = Object.fromEntries(
    Object.entries(FILES).map(([kind, text]) => {
      const file = join(system.state, `${kind}.jsonl`);
      writeFileSync(file, text);
      return [kind, file];
    }),
  );
  return writeCampaignFile(system.state, name, TINY, (spec) => {
    const { agents, relationships, environments, pairs } = files;
    spec['tasks'] = { profiles: { agents, relationships }, import: { environments, pairs } };
    delete spec['models'].author;
    spec['policy'].base.pretrain.corpus.url =
      '${PI_LOOP_SIMULATOR_URL}/corpora/poor-dialogues?episodes=200&seed=1';
    spec['policy'].base.pretrain.model.contextLength = 256;
    const [round] = spec['rounds'];
    spec['rounds'] = [{ ...round, tasks: 2, pairsPerTask: 3 }];
    spec['evaluation'] = { tasks: 2, bootstrapSamples: 100 };
    change(spec);
  });
}

test('before anything starts, the plan shows what the files hold and all that was odd in them', async () => {
  const file = importedCampaign('odd');
  const { output } = await pi('plan', file);
  expect(output).toContain('4 environments, 2 agents, 1 relationships, 1 prescribed pairs');
  expect(output).toContain('environments.jsonl: relationship: "2", read as 2 (4 times)');
  expect(output).toContain(
    'environments.jsonl: occupation_constraint: "nan" read as no constraint (4 times)',
  );

  const listed = (await pi('plan', file, '--findings')).output.trim().split('\n');
  for (const line of [
    /^agents\.jsonl:1: note: moral_values: \["Care"," Fairness"\], trimmed$/,
    /^agents\.jsonl:3: error: age: nothing, left the line out/,
    /^environments\.jsonl:5: error: agent_goals: .*expected two goals, found 1$/,
  ])
    expect(listed.filter((finding) => line.test(finding))).toHaveLength(1);
  const { findings } = JSON.parse((await pi('plan', file, '--json')).output);
  expect(findings).toHaveLength(listed.length);
});

test('a campaign on imported tasks runs to its table, and keeps the findings with its tasks', async () => {
  const file = importedCampaign('imported');
  const started = await start(file);
  expect(started.errors).toContain('Import: 4 environments');
  expect(started.code).toBe(0);
  const { output } = await pi('watch', 'imported', '--json', '--state', system.state);
  const { results, stages } = JSON.parse(output) as CampaignResult;
  const table = await system.store.getJson(results.digest.sha256, Results);
  expect(table.all.policies.map(({ policy, episodes, unrated }) => [policy, episodes, unrated])).toEqual([
    ['base', 4, 0],
    ['BC', 4, 0],
    ['expert', 4, 0],
  ]);
  const report = stages.find(({ id }) => id === 'tasks')?.outputs['report'];
  if (!report) throw new Error('the stage of the tasks has no report');
  const { findings } = JSON.parse(await system.store.getText(report));
  expect(findings).toContainEqual(
    expect.objectContaining({ kind: 'not-two-goals', file: 'environments.jsonl', line: 5 }),
  );
});

test('a prompt that does not fit into the policy’s context parks the campaign and says what to change', async () => {
  const file = importedCampaign('cramped', (spec) => {
    spec['policy'].base.pretrain.model.contextLength = 32;
    spec['policy'].base.pretrain.recipe.maxLength = 32;
    spec['rounds'][0].training.maxLength = 32;
  });
  const { code, errors } = await start(file);
  expect(code).toBe(1);
  expect(errors).toMatch(
    /MODEL_REQUEST_REFUSED: .*tokens, the context 32.*policy\.base\.pretrain\.model\.contextLength/,
  );
});

test('too few imported tasks are told with what is missing where', async () => {
  const file = importedCampaign('short', (spec) => (spec['evaluation'].tasks = 3));
  const { code, errors } = await start(file);
  expect(code).toBe(1);
  expect(errors).toMatch(/TASKS_EXHAUSTED: .*BC 1 missing/);
});
