import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Author, prepareTasks, samplePairs } from '../../domain/tasks';
import { importProfiles } from '../../domain/tasks/importProfiles';
import { prepareKeywords } from '../../domain/tasks/keywords';
import { author } from '../../simulator/author';
import { generating } from './tasksFixtures';

const read = (name: string) => readFileSync(join(__dirname, '..', '..', 'examples', name), 'utf8');
const POOLS = ['norms', 'situations', 'stories'];
const pools = POOLS.map((name) => ({ name, text: read(`keywords/${name}.txt`) }));

describe('the example profiles', () => {
  const profiles = importProfiles({
    agents: { name: 'agents', text: read('profiles/agents.jsonl') },
    relationships: { name: 'relationships', text: read('profiles/relationships.jsonl') },
    environments: { name: 'environments', text: read('environments.jsonl') },
  });

  it('have nothing odd and enough of everything', () => {
    expect(profiles.findings).toEqual([]);
    expect(profiles.agents.length).toBeGreaterThanOrEqual(24);
    expect(profiles.environments.length).toBeGreaterThanOrEqual(6);
    const counts = [0, 1, 2, 3, 4, 5].map(
      (type) => profiles.relationships.filter(({ relationship }) => relationship === type).length,
    );
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(10);
  });

  it('cast ten different pairs for every relationship', () => {
    for (const environment of profiles.environments) {
      const task = { ...environment, split: 'BC' };
      const { pairs, notes } = samplePairs(task, 10, { ...profiles, tasks: [task] }, 1);
      expect(notes).toEqual([]);
      expect(new Set(pairs.map(String)).size).toBe(10);
    }
  });
});

describe('the example keywords', () => {
  it('are at least four hundred different ones in each pool', () => {
    const { counts } = prepareKeywords(pools, '', 1);
    for (const { available, duplicates } of counts) {
      expect(duplicates).toBe(0);
      expect(available).toBeGreaterThanOrEqual(400);
    }
  });

  it('make the simulated author write its four games about equally often', async () => {
    const [parameters, texts] = generating(300, 100);
    const simulated: Author = (messages, seed) =>
      Promise.resolve({
        text: author({ messages, seed, temperature: 0.5 } as Parameters<typeof author>[0]),
        snapshot: 'simulated',
        promptDigest: '',
        usage: { inputTokens: 0, outputTokens: 0 },
      });
    const result = await prepareTasks(
      parameters,
      {
        ...texts,
        agents: read('profiles/agents.jsonl'),
        generate: {
          pools: pools.map(({ text }) => text),
          examples: read('environments.jsonl'),
          excludeKeywords: read('keywords/excluded.txt'),
        },
      },
      { author: simulated, concurrency: 8 },
    );
    if (!result.ok) throw new Error(result.failure.message);
    const { tasks } = result.taskSet;
    for (const game of ['haggle', 'divide', 'donate', 'meet']) {
      const share = tasks.filter(({ codename }) => codename.startsWith(game)).length / tasks.length;
      expect(share).toBeGreaterThan(0.18);
      expect(share).toBeLessThan(0.32);
    }
    expect(result.report.pools.map(({ excluded }) => excluded)).toEqual([4, 4, 4]);
  });
});
