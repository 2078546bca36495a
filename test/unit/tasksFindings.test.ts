import fc from 'fast-check';
import { type FindingKind, summariseFindings } from '../../domain/tasks/findings';
import {
  AGENTS,
  agentLine,
  environmentLine,
  imported,
  jsonLines,
  type ProfileTexts,
  told,
} from './tasksFixtures';

describe('what cannot be honoured is listed', () => {
  const bad: [FindingKind, ProfileTexts, string][] = [
    [
      'unreadable-line',
      { agents: jsonLines(agentLine('a'), '{"agent_id": ', agentLine('b')) },
      'error agents:2',
    ],
    ['unreadable-line', { agents: jsonLines(agentLine('a'), '[1]', agentLine('b')) }, 'error agents:2'],
    ['missing-field', { agents: jsonLines(agentLine('a', { age: null })) }, 'error agents:1 age'],
    [
      'missing-field',
      { agents: jsonLines(agentLine('a', { first_name: ' ' })) },
      'error agents:1 first_name',
    ],
    ['wrong-type', { agents: jsonLines(agentLine('a', { age: 'old' })) }, 'error agents:1 age'],
    [
      'wrong-type',
      { agents: jsonLines(agentLine('a', { moral_values: [1] })) },
      'error agents:1 moral_values',
    ],
    ['wrong-type', { agents: jsonLines(agentLine('a', { secret: {} })) }, 'warning agents:1 secret'],
    ['unknown-field', { agents: jsonLines(agentLine('a', { shoe: 43 })) }, 'warning agents:1 shoe'],
    ['duplicate-id', { agents: jsonLines(agentLine('a'), agentLine('a')) }, 'error agents:2 agent_id'],
    ['missing-id', { agents: jsonLines(agentLine('')) }, 'warning agents:1 agent_id'],
    [
      'not-two-goals',
      { environments: jsonLines(environmentLine('x', { agent_goals: ['one'] })) },
      'error environments:1 agent_goals',
    ],
    [
      'not-two-goals',
      { environments: jsonLines(environmentLine('x', { agent_goals: ['a', 'b', 'c'] })) },
      'error environments:1 agent_goals',
    ],
    [
      'not-two-goals',
      { environments: jsonLines(environmentLine('x', { agent_goals: ['a', ' '] })) },
      'error environments:1 agent_goals',
    ],
    [
      'same-goals',
      { environments: jsonLines(environmentLine('x', { agent_goals: ['Win!', 'win'] })) },
      'error environments:1 agent_goals',
    ],
    [
      'duplicate-task',
      { environments: jsonLines(environmentLine('x'), { ...environmentLine('x'), env_id: 'y' }) },
      'error environments:2 agent_goals',
    ],
    [
      'wrong-type',
      { environments: jsonLines(environmentLine('x', { relationship: 'friend' })) },
      'error environments:1 relationship',
    ],
    [
      'wrong-type',
      { environments: jsonLines(environmentLine('x', { relationship: 6 })) },
      'error environments:1 relationship',
    ],
    [
      'ignored-field',
      { environments: jsonLines(environmentLine('x', { game_metadata: {} })) },
      'warning environments:1 game_metadata',
    ],
    [
      'constraint-unreadable',
      { environments: jsonLines(environmentLine('x', { age_constraint: 'adults' })) },
      'warning environments:1 age_constraint',
    ],
    [
      'constraint-unreadable',
      { environments: jsonLines(environmentLine('x', { age_constraint: '[(70, 18), (18, 70)]' })) },
      'warning environments:1 age_constraint',
    ],
    [
      'nobody-fits',
      { environments: jsonLines(environmentLine('x', { age_constraint: '[(90, 99), (18, 70)]' })) },
      'warning environments:1 constraints',
    ],
    [
      'unknown-agent',
      { environments: jsonLines(environmentLine('x', { agent_constraint: "[['a'], ['z', 'b']]" })) },
      'warning environments:1 agent_constraint',
    ],
    [
      'unknown-agent',
      { relationships: jsonLines({ relationship_id: 'r', agent1_id: 'a', agent2_id: 'z', relationship: 1 }) },
      'error relationships:1 agent2_id',
    ],
    [
      'same-agent',
      { relationships: jsonLines({ relationship_id: 'r', agent1_id: 'a', agent2_id: 'a', relationship: 1 }) },
      'error relationships:1 agent2_id',
    ],
    [
      'unknown-task',
      { environments: '', pairs: jsonLines({ combo_id: 'p', env_id: 'x', agent_ids: ['a', 'b'] }) },
      'error pairs:1 env_id',
    ],
    [
      'unknown-agent',
      {
        environments: jsonLines(environmentLine('x')),
        pairs: jsonLines({ env_id: 'x', agent_ids: ['a', 'z'] }),
      },
      'error pairs:1 agent_ids',
    ],
    [
      'wrong-type',
      { environments: jsonLines(environmentLine('x')), pairs: jsonLines({ env_id: 'x', agent_ids: ['a'] }) },
      'error pairs:1 agent_ids',
    ],
    [
      'pair-without-relationship',
      {
        environments: jsonLines(environmentLine('x')),
        pairs: jsonLines({ env_id: 'x', agent_ids: ['a', 'b'] }),
      },
      'warning pairs:1 agent_ids',
    ],
    [
      'pair-outside-constraints',
      {
        environments: jsonLines(environmentLine('x', { age_constraint: '[(18, 40), (18, 40)]' })),
        pairs: jsonLines({ env_id: 'x', agent_ids: ['a', 'b'] }),
      },
      'warning pairs:1 agent_ids',
    ],
    [
      'duplicate-pair',
      {
        environments: jsonLines(environmentLine('x')),
        pairs: jsonLines({ env_id: 'x', agent_ids: ['a', 'b'] }, { env_id: 'x', agent_ids: ['a', 'b'] }),
      },
      'error pairs:2 agent_ids',
    ],
  ];

  it.each(bad.map(([kind, texts, where]) => [kind, where, texts] as const))(
    '%s: %s',
    (kind, where, texts) => {
      const [severity, ...place] = where.split(' ');
      expect(told(texts).map((line) => line.trim())).toContain([severity, kind, ...place].join(' '));
    },
  );

  it('a refused line does not claim its id: a good line of the same id is read', () => {
    const { agents } = imported({ agents: jsonLines(agentLine('a', { age: null }), agentLine('a')) });
    expect(agents).toHaveLength(1);
  });

  it('an error leaves the line out, a warning keeps it', () => {
    for (const [, texts, where] of bad) {
      const result = imported(texts);
      const counts = [
        result.agents,
        result.relationships,
        result.environments,
        Object.values(result.prescribedPairs).flat(),
      ];
      const files = [texts.agents ?? AGENTS, texts.relationships, texts.environments, texts.pairs];
      const lines = files.map((text) => (text ?? '').split('\n').filter((line) => line !== '').length);
      const left = counts.reduce((sum, values, i) => sum + (lines[i] ?? 0) - values.length, 0);
      expect(left > 0).toBe(where.startsWith('error'));
    }
  });

  it('a summary counts findings of a kind and names the first lines', () => {
    const lines = Array.from({ length: 9 }, (_, i) => agentLine(`a${i}`, { shoe: i }));
    const { findings } = imported({ agents: jsonLines(...lines) });
    expect(summariseFindings(findings)).toEqual([
      {
        severity: 'warning',
        kind: 'unknown-field',
        file: 'agents',
        field: 'shoe',
        found: '0',
        did: 'ignored',
        count: 9,
        lines: [1, 2, 3, 4, 5],
      },
    ]);
  });

  it('never throws, whatever the lines say', () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(
          fc.constantFrom('a', '__proto__', 'constructor', ''),
          fc.dictionary(
            fc.constantFrom(
              'age',
              'first_name',
              'moral_values',
              'agent_goals',
              'relationship',
              'age_constraint',
              'agent_ids',
              'env_id',
              'agent1_id',
              'agent2_id',
              '__proto__',
            ),
            fc.jsonValue(),
          ),
        )
        .map(([id, record]) => JSON.stringify({ ...agentLine(id), ...environmentLine(id), ...record })),
    );
    const text = fc.array(line).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, text, text, (agents, relationships, environments, pairs) => {
        imported({ agents, relationships, environments, pairs });
      }),
    );
  });
});
