import { z } from 'zod';

/** Sotopia's records as the project publishes them and its pydantic models (0.1.4, 0.1.5) read them; both names of an id are written. */
const text = z.string();
const texts = z.array(z.string());
const relationship = z.number().int().min(0).max(5);

export const AgentRecord = z.looseObject({
  pk: text,
  agent_id: text,
  first_name: text,
  last_name: text,
  age: z.number().int(),
  occupation: text,
  gender: text,
  gender_pronoun: text,
  public_info: text,
  big_five: text,
  moral_values: texts,
  schwartz_personal_values: texts,
  personality_and_values: text,
  decision_making_style: text,
  secret: text,
  mbti: text,
  model_id: text,
  tag: text,
});

export const EnvironmentRecord = z.looseObject({
  pk: text,
  env_id: text,
  codename: text,
  source: text,
  scenario: text,
  agent_goals: texts,
  relationship,
  age_constraint: text.nullable(),
  occupation_constraint: text.nullable(),
  agent_constraint: z.array(texts).nullable(),
  tag: text,
});

export const RelationshipRecord = z.looseObject({
  pk: text,
  relationship_id: text,
  agent_1_id: text,
  agent_2_id: text,
  agent1_id: text,
  agent2_id: text,
  relationship,
  background_story: text.nullable(),
});

export const ComboRecord = z.looseObject({ pk: text, combo_id: text, env_id: text, agent_ids: texts });

/** EpisodeLog. The last field is ours: where it came from; Sotopia's model passes over it. */
export const EpisodeRecord = z.strictObject({
  pk: text,
  environment: text,
  agents: texts,
  tag: text,
  /** The judge's, then the players' by position. */
  models: texts,
  /** By turn: sender, receiver, text. */
  messages: z.array(z.array(z.tuple([text, text, text]))),
  reasoning: text,
  /** By position: the overall score, and the dimensions with it. Null for an unrated episode, which is in a file of its own. */
  rewards: z.array(z.tuple([z.number(), z.record(z.string(), z.number())])).nullable(),
  rewards_prompt: text,
  pi_loop: z.record(z.string(), z.unknown()),
});
export type EpisodeRecord = z.infer<typeof EpisodeRecord>;
