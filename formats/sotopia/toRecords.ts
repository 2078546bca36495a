import type { z } from 'zod';
import { formatConstraints } from '../../domain/tasks/constraints';
import type { AgentProfile, RelationshipProfile, SocialTask } from '../../schemas/profiles';
import { digestOfJson } from '../../artifacts/canonicalJson';
import type { AgentRecord, ComboRecord, EnvironmentRecord, RelationshipRecord } from './records';

export const agentRecord = (agent: AgentProfile): z.infer<typeof AgentRecord> => ({
  pk: agent.id,
  agent_id: agent.id,
  first_name: agent.firstName,
  last_name: agent.lastName,
  age: agent.age,
  occupation: agent.occupation,
  gender: agent.gender,
  gender_pronoun: agent.pronouns,
  public_info: agent.publicInfo,
  big_five: agent.bigFive,
  moral_values: agent.moralValues,
  schwartz_personal_values: agent.schwartzValues,
  personality_and_values: agent.personalityAndValues,
  decision_making_style: agent.decisionMakingStyle,
  secret: agent.secret,
  mbti: agent.mbti,
  model_id: agent.modelId,
  tag: agent.tag,
});

export function environmentRecord(task: Omit<SocialTask, 'split'>): z.infer<typeof EnvironmentRecord> {
  const { age_constraint, occupation_constraint } = formatConstraints(task.constraints);
  return {
    pk: task.id,
    env_id: task.id,
    codename: task.codename,
    source: task.source,
    scenario: task.scenario,
    agent_goals: [...task.goals],
    relationship: task.relationship,
    age_constraint,
    occupation_constraint,
    agent_constraint: task.constraints.agents,
    tag: task.tags.join(', '),
  };
}

export const relationshipRecord = (profile: RelationshipProfile): z.infer<typeof RelationshipRecord> => ({
  pk: profile.id,
  relationship_id: profile.id,
  agent_1_id: profile.agents[0],
  agent_2_id: profile.agents[1],
  agent1_id: profile.agents[0],
  agent2_id: profile.agents[1],
  relationship: profile.relationship,
  background_story: profile.backgroundStory,
});

/** A combination has no name with us: it is named after what it combines. */
export function comboRecord(task: string, agents: readonly [string, string]): z.infer<typeof ComboRecord> {
  const id = digestOfJson([task, agents]).slice(0, 26);
  return { pk: id, combo_id: id, env_id: task, agent_ids: [...agents] };
}
