import type { AgentProfile, SocialTask } from '../../schemas/profiles';

/** Characters and a task for tests; written for them. */
export const ada: AgentProfile = {
  id: 'ada',
  firstName: 'Ada',
  lastName: 'Marsh',
  age: 34,
  occupation: 'Carpenter',
  gender: 'Woman',
  pronouns: 'She/her',
  publicInfo: 'Ada Marsh builds boats at the weekend.',
  bigFive: 'Openness - High',
  moralValues: ['Care'],
  schwartzValues: ['Benevolence'],
  personalityAndValues: 'Ada Marsh is patient and direct.',
  decisionMakingStyle: 'Analytic',
  secret: 'Ada once sold a boat with a leak.',
  mbti: '',
  modelId: '',
  tag: '',
};

export const ben: AgentProfile = {
  ...ada,
  id: 'ben',
  firstName: 'Ben',
  lastName: 'Okoro',
  age: 41,
  occupation: 'Teacher',
  gender: 'Man',
  pronouns: 'He/him',
  publicInfo: 'Ben Okoro coaches a chess club.',
  personalityAndValues: 'Ben Okoro is lively and forgetful.',
  secret: 'Ben has never finished a marathon he boasts of.',
};

export const boatTask: SocialTask = {
  id: 'boat',
  codename: 'haggle_boat',
  source: 'test',
  scenario: "Two people meet at a harbour. <p viewer='agent_1'>The boat has a new sail.</p>",
  goals: [
    'Sell the boat. <extra_info>It cost 40.</extra_info>',
    'Buy the boat. <strategy_hint>Start low.</strategy_hint>',
  ],
  relationship: 2,
  constraints: { ages: null, occupations: null, agents: null },
  tags: [],
  split: 'test',
  provenance: { kind: 'imported', file: 'test', line: 1, digest: '' },
};
