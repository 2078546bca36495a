import fc from 'fast-check';
import { type Pair, samplePairs } from '../../domain/tasks';
import { mayPlay } from '../../domain/tasks/constraints';
import { agent, relationship, task, taskSet } from './tasksFixtures';

const AGENTS = [agent('a', 20), agent('b', 40, 'Nurse'), agent('c', 60), agent('d', 30, 'nurse')];
const NONE = { ages: null, occupations: null, agents: null };

const sorted = (pairs: readonly Pair[]) => [...pairs].sort((a, b) => String(a).localeCompare(String(b)));

describe('samplePairs', () => {
  const friends = [relationship('a', 'b', 3), relationship('c', 'b', 3), relationship('a', 'd', 2)];

  it('takes relationships of the task’s type in both orders', () => {
    const set = taskSet({ agents: AGENTS, relationships: friends });
    const { pairs, notes } = samplePairs(task({ relationship: 3 }), 4, set, 1);
    expect(notes).toEqual([]);
    expect(sorted(pairs)).toEqual([
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'c'],
      ['c', 'b'],
    ]);
  });

  it('honours age, occupation and agent constraints in each position', () => {
    const set = taskSet({ agents: AGENTS, relationships: friends });
    const cast = (constraints: Partial<typeof NONE> | object) =>
      samplePairs(task({ relationship: 3, constraints: { ...NONE, ...constraints } }), 1, set, 1).pairs;
    expect(
      cast({
        ages: [
          [18, 30],
          [18, 70],
        ],
      }),
    ).toEqual([['a', 'b']]);
    expect(cast({ occupations: [['NURSE'], ['Baker']], agents: [[], ['c']] })).toEqual([['b', 'c']]);
    expect(cast({ agents: [['c'], ['b']] })).toEqual([['c', 'b']]);
  });

  it('takes prescribed pairs as they are, before all others', () => {
    const set = taskSet({
      agents: AGENTS,
      relationships: friends,
      prescribedPairs: { 'task-a': [['d', 'c']] },
    });
    const sampled = samplePairs(task({ relationship: 3 }), 2, set, 1);
    expect(sampled.pairs).toEqual([
      ['d', 'c'],
      ['d', 'c'],
    ]);
    expect(sampled.notes).toEqual(['task task-a: only 1 pairs for 2 episodes; pairs play again']);
  });

  it('uses every pair before any plays again, and shuffles anew', () => {
    const set = taskSet({ agents: AGENTS, relationships: friends });
    const { pairs } = samplePairs(task({ relationship: 3 }), 40, set, 1);
    const cycles = Array.from({ length: 10 }, (_, i) => pairs.slice(4 * i, 4 * i + 4).map(String));
    for (const cycle of cycles) expect(new Set(cycle).size).toBe(4);
    expect(new Set(cycles.map(String)).size).toBeGreaterThan(1);
  });

  it('falls back to any two agents under the constraints, and says so', () => {
    const set = taskSet({ agents: AGENTS });
    const constraints = {
      ...NONE,
      ages: [
        [18, 20],
        [18, 70],
      ] as [[number, number], [number, number]],
    };
    const { pairs, notes } = samplePairs(task({ relationship: 3, constraints }), 3, set, 1);
    expect(sorted(pairs)).toEqual([
      ['a', 'b'],
      ['a', 'c'],
      ['a', 'd'],
    ]);
    expect(notes).toEqual([
      'task task-a: no relationship of type 3 meets the constraints; any two agents that meet them play',
    ]);
  });

  it('drops the constraints that nobody meets, and says so', () => {
    const constraints = { ...NONE, agents: [['z'], ['y']] as [string[], string[]] };
    const related = taskSet({ agents: AGENTS, relationships: friends });
    const friendsOnly = samplePairs(task({ relationship: 2, constraints }), 2, related, 1);
    expect(sorted(friendsOnly.pairs)).toEqual([
      ['a', 'd'],
      ['d', 'a'],
    ]);
    expect(friendsOnly.notes[0]).toContain(
      'no agents meet the constraints; agents with a relationship of type 2',
    );
    const anyone = samplePairs(task({ relationship: 5, constraints }), 12, related, 1);
    expect(new Set(anyone.pairs.map(String)).size).toBe(12);
    expect(anyone.notes[0]).toContain('any two agents play');
  });

  it('gives the same pairs for the same seed and task, others for others', () => {
    const agents = Array.from({ length: 2000 }, (_, i) => agent(`agent-${i}`));
    const cast = (id: string, seed: number) => samplePairs(task({ id }), 10, taskSet({ agents }), seed).pairs;
    expect(cast('x', 1)).toEqual(cast('x', 1));
    expect(cast('x', 1)).not.toEqual(cast('x', 2));
    expect(cast('x', 1)).not.toEqual(cast('y', 1));
  });

  it('refuses to cast one agent', () => {
    expect(() => samplePairs(task(), 1, taskSet({ agents: [agent('a')] }), 1)).toThrow(
      /two agents are needed/,
    );
  });

  it('never casts an agent with itself, and breaks no constraint without a note', () => {
    const age = fc.integer({ min: 18, max: 40 });
    const range = fc.tuple(age, age).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
    const names = fc.subarray(['a', 'b', 'c', 'd', 'e']);
    const world = fc.record({
      ages: fc.array(age, { minLength: 2, maxLength: 5 }),
      links: fc.array(fc.tuple(fc.nat(4), fc.nat(4), fc.nat(2))),
      relationship: fc.nat(2),
      constraints: fc.record({
        ages: fc.option(fc.tuple(range, range)),
        occupations: fc.constant(null),
        agents: fc.option(fc.tuple(names, names)),
      }),
      count: fc.integer({ min: 1, max: 12 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(world, ({ ages, links, count, seed, ...rest }) => {
        const agents = ages.map((years, i) => agent('abcde'[i] ?? '', years));
        const relationships = links
          .filter(([a, b]) => a !== b && a < agents.length && b < agents.length)
          .map(([a, b, type]) => relationship('abcde'[a] ?? '', 'abcde'[b] ?? '', type));
        const { pairs, notes } = samplePairs(task(rest), count, taskSet({ agents, relationships }), seed);
        expect(pairs).toHaveLength(count);
        const byId = new Map(agents.map((profile) => [profile.id, profile]));
        for (const [first, second] of pairs) {
          expect(first).not.toBe(second);
          const [left, right] = [byId.get(first), byId.get(second)];
          const fits =
            left && right && mayPlay(left, 0, rest.constraints) && mayPlay(right, 1, rest.constraints);
          expect(fits || notes.some((note) => note.includes('no agents meet the constraints'))).toBe(true);
        }
      }),
    );
  });
});
