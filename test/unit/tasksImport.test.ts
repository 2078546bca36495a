import fc from 'fast-check';
import { parsePythonLiteral } from '../../domain/tasks/pythonLiteral';
import { agentLine, environmentLine, imported, jsonLines, told } from './tasksFixtures';

describe('Python literals', () => {
  it.each([
    [
      '[(18, 70), (18, 70)]',
      [
        [18, 70],
        [18, 70],
      ],
    ],
    ["[['nurse', \"it's\"], []]", [['nurse', "it's"], []]],
    ["('a',)", ['a']],
    ['(18)', 18],
    [' [None, True, nan, -1.5] ', [null, true, null, -1.5]],
    ["'a\\'b\\nc'", "a'b\nc"],
  ])('reads %s', (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value);
  });

  it.each(['', '[1', '[1 2]', '__import__("os")', '{1: 2}', '[1]]', '"open', '[,]', '1 + 1'])(
    'reads nothing else: %s',
    (text) => {
      expect(parsePythonLiteral(text)).toBeUndefined();
    },
  );

  it('never throws, however deep or odd the text', () => {
    expect(parsePythonLiteral('['.repeat(100_000))).toBeUndefined();
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '(', ')', '"', "'", '\\', ',', ' ', 'a', '1') }),
        (text) => void parsePythonLiteral(text),
      ),
    );
  });
});

describe('a well-formed file', () => {
  it('is imported whole, without a finding', () => {
    const result = imported({
      relationships: jsonLines({
        relationship_id: 'r',
        agent1_id: 'a',
        agent2_id: 'b',
        relationship: 2,
        background_story: 's',
      }),
      environments: `\uFEFF${jsonLines(environmentLine('x', { age_constraint: '[(18, 40), (50, 70)]' }), '')}\r\n`,
      pairs: jsonLines({ combo_id: 'p', env_id: 'x', agent_ids: ['a', 'b'] }),
    });
    expect(result.findings).toEqual([]);
    expect(result.agents.map((agent) => agent.id)).toEqual(['a', 'b', 'c']);
    expect(result.relationships).toEqual([
      { id: 'r', agents: ['a', 'b'], relationship: 2, backgroundStory: 's' },
    ]);
    expect(result.environments[0]).toMatchObject({
      id: 'x',
      goals: ['Keep the x for yourself', 'Get the x from the other side'],
      constraints: {
        ages: [
          [18, 40],
          [50, 70],
        ],
        occupations: null,
        agents: null,
      },
      provenance: { kind: 'imported', file: 'environments', line: 1 },
    });
    expect(result.prescribedPairs).toEqual({ x: [['a', 'b']] });
  });
});

describe('quirks of Sotopia’s files are read as meant and listed', () => {
  it('relationship as text, "none" and "nan", missing model_id and tag, leading spaces', () => {
    const { model_id, tag, ...old } = agentLine('d', { moral_values: ['Care', ' Fairness'] });
    const texts = {
      agents: jsonLines(agentLine('a'), agentLine('b'), old),
      environments: jsonLines(
        environmentLine('x', { relationship: '3', occupation_constraint: 'nan', agent_constraint: 'none' }),
      ),
    };
    const result = imported(texts);
    expect([model_id, tag]).toEqual(['', '']);
    expect(result.agents[2]?.moralValues).toEqual(['Care', 'Fairness']);
    expect(result.environments[0]?.relationship).toBe(3);
    expect(told(texts)).toEqual([
      'note surrounding-space agents:3 moral_values',
      'note missing-field agents:3 model_id',
      'note missing-field agents:3 tag',
      'note relationship-as-text environments:1 relationship',
      'note no-constraint-as-text environments:1 occupation_constraint',
      'note no-constraint-as-text environments:1 agent_constraint',
    ]);
  });

  it('the ids of Redis exports: pk, agent_1_id and agent_2_id', () => {
    const { agent_id, ...first } = agentLine('a');
    const { env_id, ...environment } = environmentLine('x');
    const result = imported({
      agents: jsonLines({ pk: agent_id, ...first }, agentLine('b')),
      relationships: jsonLines({
        pk: 'r',
        agent_1_id: 'a',
        agent_2_id: 'b',
        relationship: 0,
        background_story: 's',
      }),
      environments: jsonLines({ pk: env_id, ...environment }),
    });
    expect(result.findings).toEqual([]);
    expect([result.agents[0]?.id, result.relationships[0]?.agents, result.environments[0]?.id]).toEqual([
      'a',
      ['a', 'b'],
      'x',
    ]);
  });

  it('lists and goals as Python literals, numbers as text, NaN of Python', () => {
    const texts = {
      agents: jsonLines(
        agentLine('a', { age: '30', schwartz_personal_values: "['Power', 'Security']" }),
        '{"agent_id": "b", "first_name": "NaN is a name", "age": 30, "mbti": NaN}',
      ),
      environments: jsonLines(environmentLine('x', { agent_goals: '["one wish", "another wish"]' })),
    };
    const result = imported(texts);
    expect(result.agents[0]).toMatchObject({ age: 30, schwartzValues: ['Power', 'Security'] });
    expect(result.agents[1]).toMatchObject({ firstName: 'NaN is a name', mbti: '' });
    expect(result.environments[0]?.goals).toEqual(['one wish', 'another wish']);
    expect(told(texts)).toEqual(
      expect.arrayContaining([
        'note number-as-text agents:1 age',
        'note list-as-text agents:1 schwartz_personal_values',
        'note nan-value agents:2 ',
        'note list-as-text environments:1 agent_goals',
      ]),
    );
  });

  it('constraints of all three kinds', () => {
    const { environments } = imported({
      environments: jsonLines(
        environmentLine('x', {
          age_constraint: '(20, 65)',
          occupation_constraint: "[['baker', ' Chef'], 'nan']",
          agent_constraint: "(['a'], None)",
        }),
      ),
    });
    expect(environments[0]?.constraints).toEqual({
      ages: [
        [20, 65],
        [20, 65],
      ],
      occupations: [['baker', 'Chef'], []],
      agents: [['a'], []],
    });
  });
});
