import { CampaignSpec } from '../../schemas/campaign';
import type { AgentProfile, SocialTask, TaskSet } from '../../schemas/profiles';

export interface Sizes {
  /** Of both rounds together. */
  episodes: number;
  /** Of one round. */
  tasks: number;
  turns: number;
  /** Of the sides, what the filters keep. Default 0.2. */
  share?: number;
}

const HELD_OUT = 50;

const model = (name: string) => ({
  baseUrl: 'http://models.example/v1',
  model: name,
  simulated: true,
});

/** Behaviour cloning, then self-reinforcement, each with half of the episodes. */
export function specOf({ episodes, tasks, turns, share = 0.2 }: Sizes): CampaignSpec {
  const round = {
    tasks,
    pairsPerTask: Math.max(1, Math.round(episodes / 2 / tasks)),
    filter: { policy: 'paper-sr', share },
    training: { steps: 100 },
  };
  return CampaignSpec.parse({
    name: 'bench',
    seed: 1,
    models: {
      expert: { ...model('expert'), template: 'compact-v1' },
      partner: { ...model('partner'), template: 'compact-v1' },
      judge: model('judge'),
    },
    policy: { template: 'compact-v1', base: { directory: 'policy' } },
    tasks: { profiles: { agents: 'agents.jsonl' }, import: { environments: 'environments.jsonl' } },
    rounds: [
      { ...round, name: 'BC', kind: 'BC' },
      { ...round, name: 'BC+SR', kind: 'SR' },
    ],
    episodes: { maxTurns: turns },
    evaluation: { tasks: Math.min(tasks, HELD_OUT), pairsPerTask: 2, bootstrapSamples: 100 },
  });
}

/** Tasks of each split, which any two of the agents may play. */
export function taskSetOf(splits: readonly { name: string; tasks: number }[]): TaskSet {
  return {
    tasks: splits.flatMap(({ name, tasks }) =>
      Array.from({ length: tasks }, (_, index) => taskOf(name, index)),
    ),
    agents: Array.from({ length: 60 }, (_, index) => agentOf(index)),
    relationships: [],
    prescribedPairs: {},
  };
}

const taskOf = (split: string, index: number): SocialTask => ({
  id: `task-${split.toLowerCase().replace('+', '-')}-${String(index).padStart(5, '0')}`,
  codename: `bench_${index}`,
  source: 'pi-loop bench',
  scenario: `Two people who have not met for ${index} weeks share out what was left to both of them.`,
  goals: [`Come away with lot ${index} of ${split}.`, `Keep lot ${index} of ${split}, or be paid for it.`],
  relationship: 0,
  constraints: { ages: null, occupations: null, agents: null },
  tags: [],
  split,
  provenance: { kind: 'imported', file: 'environments.jsonl', line: index + 1, digest: '' },
});

const agentOf = (index: number): AgentProfile => ({
  id: `agent-${index}`,
  firstName: `First${index}`,
  lastName: 'Bench',
  age: 20 + index,
  occupation: 'Baker',
  gender: 'Woman',
  pronouns: 'She/her',
  publicInfo: 'Bakes.',
  bigFive: '',
  moralValues: [],
  schwartzValues: [],
  personalityAndValues: 'Kind.',
  decisionMakingStyle: '',
  secret: 'Buys bread.',
  mbti: '',
  modelId: '',
  tag: '',
});
