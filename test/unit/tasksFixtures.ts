import type { AgentProfile, RelationshipProfile, SocialTask, TaskSet } from '../../schemas/profiles';
import { importProfiles } from '../../domain/tasks/importProfiles';
import { createRandom, seedOf } from '../../domain/random';
import type { Author, TaskTexts } from '../../domain/tasks';
import type { ParametersOf } from '../../schemas/plan';

type Parameters = ParametersOf<'prepareTasks'>;

/** Lines of a JSONL file. */
export const jsonLines = (...records: unknown[]): string =>
  records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))).join('\n');

/** An agent line in Sotopia's field names, without anything odd. */
export const agentLine = (id: string, over: Record<string, unknown> = {}) => ({
  agent_id: id,
  first_name: `First ${id}`,
  last_name: `Last ${id}`,
  age: 30,
  occupation: 'Baker',
  gender: 'Woman',
  gender_pronoun: 'She/her',
  public_info: 'Bakes.',
  big_five: 'Openness to Experience - High',
  moral_values: ['Care'],
  schwartz_personal_values: ['Benevolence'],
  personality_and_values: 'Kind.',
  decision_making_style: 'Calm',
  secret: 'Buys bread.',
  model_id: '',
  mbti: 'INFJ',
  tag: '',
  ...over,
});

/** An environment line in Sotopia's field names, without anything odd. */
export const environmentLine = (id: string, over: Record<string, unknown> = {}) => ({
  env_id: id,
  codename: `codename_${id}`,
  source: 'test',
  scenario: `Two people talk about ${id}`,
  agent_goals: [`Keep the ${id} for yourself`, `Get the ${id} from the other side`],
  relationship: 2,
  ...over,
});

export const agent = (id: string, age = 30, occupation = 'Baker'): AgentProfile => ({
  id,
  firstName: id,
  lastName: '',
  age,
  occupation,
  gender: '',
  pronouns: '',
  publicInfo: '',
  bigFive: '',
  moralValues: [],
  schwartzValues: [],
  personalityAndValues: '',
  decisionMakingStyle: '',
  secret: '',
  mbti: '',
  modelId: '',
  tag: '',
});

export const relationship = (first: string, second: string, type: number): RelationshipProfile => ({
  id: `${first}-${second}-${type}`,
  agents: [first, second],
  relationship: type,
  backgroundStory: '',
});

export const task = (over: Partial<SocialTask> = {}): SocialTask => ({
  id: 'task-a',
  codename: 'a',
  source: 'test',
  scenario: 'Two people talk',
  goals: ['have it', 'keep it'],
  relationship: 2,
  constraints: { ages: null, occupations: null, agents: null },
  tags: [],
  split: 'BC',
  provenance: { kind: 'imported', file: 'f', line: 1, digest: 'd' },
  ...over,
});

export const taskSet = (over: Partial<TaskSet> = {}): TaskSet => ({
  tasks: [],
  agents: [],
  relationships: [],
  prescribedPairs: {},
  ...over,
});

const file = (name: string) => ({
  name,
  uri: `file:${name}`,
  digest: { sha256: '0'.repeat(64) },
  mediaType: 'application/jsonl',
  bytes: 0,
});

/** A preparation that writes all its tasks: `rounds` training tasks, then `test` evaluation tasks. */
export function generating(rounds: number, test: number, keywords = 40): [Parameters, TaskTexts] {
  const pools = ['norms', 'situations', 'stories'];
  const parameters: Parameters = {
    splits: [
      { name: 'BC', tasks: rounds, evaluation: false },
      { name: 'test', tasks: test, evaluation: true },
    ],
    agents: file('agents.jsonl'),
    relationships: null,
    generate: {
      author: {
        baseUrl: 'http://localhost/v1',
        model: 'some-author',
        sampling: { temperature: 0.5, topP: 1, maxTokens: 100 },
        simulated: true,
      },
      pools: pools.map((name) => ({ name, file: file(`${name}.txt`) })),
      examples: file('examples.jsonl'),
      excludeKeywords: null,
      attemptsPerTask: 8,
      maxSimilarity: 0.8,
    },
    import: null,
    seed: 7,
  };
  const texts: TaskTexts = {
    agents: jsonLines(...['a', 'b', 'c', 'd'].map((id) => agentLine(id))),
    relationships: null,
    generate: {
      pools: pools.map((pool) =>
        Array.from({ length: keywords }, (_, i) => `${pool} keyword number ${i}`).join('\n'),
      ),
      examples: jsonLines(environmentLine('lamp'), environmentLine('chair')),
      excludeKeywords: null,
    },
    import: null,
  };
  return [parameters, texts];
}

export const importing = (
  splits: Parameters['splits'],
  environments: unknown[],
  use: 'evaluation' | 'training' | 'both' = 'both',
): [Parameters, TaskTexts] => {
  const [parameters, texts] = generating(0, 0);
  return [
    {
      ...parameters,
      splits,
      generate: null,
      import: { environments: file('environments.jsonl'), pairs: null, use },
    },
    { ...texts, generate: null, import: { environments: jsonLines(...environments), pairs: null } },
  ];
};

/** Words for the moody author: few enough that it often writes the same goals again. */
const THINGS = 'lamp sofa tent radio clock table piano desk watch phone bike chair'.split(' ');

/** What a moody author answers to a seed: good tasks, repeated ones, and every kind of bad one. */
export function moodyAnswer(seed: number): string {
  const random = createRandom(seedOf('moody', seed));
  const number = () => 5 * random.integer(10);
  const good = {
    codename: 'haggle',
    scenario: `haggle over the ${random.pick(THINGS)}`,
    agent_goals: [`sell limit=${number()} hope=${number()}`, `buy limit=${number()} hope=${number()}`],
    relationship: random.integer(6),
    age_constraint: '[(18, 70), (18, 70)]',
  };
  const moods: string[] = [
    'I would rather not.',
    JSON.stringify({ ...good, agent_goals: [...good.agent_goals, 'a third goal'] }),
    JSON.stringify({ ...good, agent_goals: ['the same', 'The same!'] }),
    JSON.stringify({ codename: 'no scenario', agent_goals: good.agent_goals }),
    JSON.stringify({ ...good, age_constraint: 'adults' }),
    JSON.stringify({ ...good, age_constraint: '[(80, 90), (80, 90)]' }),
    JSON.stringify({ ...good, scenario: 'planning a massacre' }),
    JSON.stringify({ ...good, agent_goals: ['sell limit=5 hope=10', 'buy limit=15 hope=5'] }),
  ];
  const mood = random.integer(20);
  return moods[mood] ?? `Here it is:\n\`\`\`json\n${JSON.stringify(good)}\n\`\`\``;
}

export const moodyAuthor: Author = (_messages, seed) =>
  Promise.resolve({
    text: moodyAnswer(seed),
    snapshot: 'moody-1',
    promptDigest: `prompt-${seed}`,
    usage: { inputTokens: 10, outputTokens: 5 },
  });

/** Texts of the four files of profiles; three agents where none are given. */
export interface ProfileTexts {
  agents?: string;
  relationships?: string;
  environments?: string;
  pairs?: string;
}

export const AGENTS = jsonLines(agentLine('a'), agentLine('b', { age: 60 }), agentLine('c'));

export function imported({ agents = AGENTS, relationships, environments, pairs }: ProfileTexts) {
  return importProfiles({
    agents: { name: 'agents', text: agents },
    ...(relationships !== undefined && { relationships: { name: 'relationships', text: relationships } }),
    ...(environments !== undefined && { environments: { name: 'environments', text: environments } }),
    ...(pairs !== undefined && { pairs: { name: 'pairs', text: pairs } }),
  });
}

/** Findings as `severity kind file:line field`. */
export const told = (texts: ProfileTexts) =>
  imported(texts).findings.map((f) => `${f.severity} ${f.kind} ${f.file}:${f.line} ${f.field}`);
