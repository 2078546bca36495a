import type { AgentProfile } from '../../schemas/profiles';

export const fullName = (agent: AgentProfile): string => `${agent.firstName} ${agent.lastName}`.trim();

const biography = (agent: AgentProfile): string =>
  `${fullName(agent)} is a ${agent.age}-year-old ${agent.gender.toLowerCase()} ${agent.occupation.toLowerCase()}. ` +
  `${agent.pronouns} pronouns. ${agent.publicInfo}`;

const personality = (agent: AgentProfile): string => `Personality and values: ${agent.personalityAndValues}`;

/** What an agent knows of itself: everything, its secret included. */
export function ownBackground(agent: AgentProfile): string {
  return `${biography(agent)} ${personality(agent)} ${agent.firstName}'s secrets: ${agent.secret}`.trim();
}

/**
 * What an agent knows of the other side, by relationship (Sotopia v0.1.4): strangers nothing, 1 the name,
 * acquaintances the public biography, friends and closer the personality too. Secrets never.
 */
export function partnerBackground(partner: AgentProfile, relationship: number): string {
  if (relationship <= 0) return '';
  if (relationship === 1) return fullName(partner);
  if (relationship === 2) return biography(partner);
  return `${biography(partner)} ${personality(partner)}`;
}
