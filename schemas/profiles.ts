import { z } from 'zod';

/** Relationship of two agents, as Sotopia numbers it: what each sees of the other depends on it. */
export const Relationship = z.number().int().min(0).max(5);
export const RELATIONSHIP_NAMES = [
  'strangers',
  'know each other by name',
  'acquaintances',
  'friends',
  'romantic partners',
  'family members',
] as const;

const ageRange = z.tuple([z.number().int().min(0), z.number().int().max(150)]);

/** Constraints on who may play a task; a null constrains nothing. Positions 0 and 1. */
export const PairConstraints = z.strictObject({
  /** Inclusive ages in years, per position. */
  ages: z.tuple([ageRange, ageRange]).nullable().default(null),
  /** Accepted occupations per position, compared without case; an empty list accepts all. */
  occupations: z
    .tuple([z.array(z.string()), z.array(z.string())])
    .nullable()
    .default(null),
  /** Accepted agent ids per position; an empty list accepts all. */
  agents: z
    .tuple([z.array(z.string()), z.array(z.string())])
    .nullable()
    .default(null),
});
export type PairConstraints = z.infer<typeof PairConstraints>;

/** What an author model must answer: the content of one social task (Sotopia's EnvironmentProfile). */
export const AuthoredTask = z.object({
  codename: z.string().min(1).max(120),
  scenario: z.string().min(1).max(4000),
  agent_goals: z.tuple([z.string().min(1).max(4000), z.string().min(1).max(4000)]),
  relationship: Relationship.default(0),
  age_constraint: z.string().nullish(),
  occupation_constraint: z.string().nullish(),
  agent_constraint: z.string().nullish(),
});
export type AuthoredTask = z.infer<typeof AuthoredTask>;

/** Where a task came from. */
export const TaskProvenance = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('generated'),
    model: z.string(),
    snapshot: z.string(),
    keyword: z.string(),
    pool: z.string(),
    attempt: z.number().int(),
    promptDigest: z.string(),
  }),
  z.strictObject({
    kind: z.literal('imported'),
    file: z.string(),
    line: z.number().int(),
    digest: z.string(),
  }),
]);
export type TaskProvenance = z.infer<typeof TaskProvenance>;

/** A social task: a scenario, two private goals, and who may play it. */
export const SocialTask = z.strictObject({
  id: z.string().min(1),
  codename: z.string(),
  source: z.string(),
  scenario: z.string(),
  goals: z.tuple([z.string(), z.string()]),
  relationship: Relationship,
  constraints: PairConstraints,
  tags: z.array(z.string()).default([]),
  /** Which part of the campaign may use it: a round's name, `dev` or `test`. */
  split: z.string(),
  provenance: TaskProvenance,
});
export type SocialTask = z.infer<typeof SocialTask>;

/** A character (Sotopia's AgentProfile). */
export const AgentProfile = z.strictObject({
  id: z.string().min(1),
  firstName: z.string(),
  lastName: z.string(),
  age: z.number().int(),
  occupation: z.string(),
  gender: z.string(),
  pronouns: z.string(),
  publicInfo: z.string(),
  bigFive: z.string(),
  moralValues: z.array(z.string()),
  schwartzValues: z.array(z.string()),
  personalityAndValues: z.string(),
  decisionMakingStyle: z.string(),
  secret: z.string(),
  mbti: z.string().default(''),
  modelId: z.string().default(''),
  tag: z.string().default(''),
});
export type AgentProfile = z.infer<typeof AgentProfile>;

/** How two agents know each other (Sotopia's RelationshipProfile). */
export const RelationshipProfile = z.strictObject({
  id: z.string().min(1),
  agents: z.tuple([z.string(), z.string()]),
  relationship: Relationship,
  backgroundStory: z.string(),
});
export type RelationshipProfile = z.infer<typeof RelationshipProfile>;

/** All that a campaign's episodes are cast from: the content of the `tasks` stage. */
export const TaskSet = z.strictObject({
  tasks: z.array(SocialTask),
  agents: z.array(AgentProfile),
  relationships: z.array(RelationshipProfile),
  /** Pairs prescribed for a task (Sotopia's EnvAgentComboStorage); tasks without an entry sample theirs. */
  prescribedPairs: z.record(z.string(), z.array(z.tuple([z.string(), z.string()]))),
});
export type TaskSet = z.infer<typeof TaskSet>;
