import type { Position } from '../../schemas/episode';
import type { AgentProfile, SocialTask } from '../../schemas/profiles';
import { readAs } from '../prompts/viewerMarkup';
import { fullName, ownBackground, partnerBackground } from './background';

/** Everything one side may know when the conversation starts. */
export interface AgentView {
  position: Position;
  names: [string, string];
  scenario: string;
  goal: string;
  /** By position; the partner's is what the relationship lets this side see. */
  backgrounds: [string, string];
}

/** @param agents the profiles by position */
export function viewOf(
  task: SocialTask,
  agents: [AgentProfile, AgentProfile],
  position: Position,
): AgentView {
  const background = (of: Position) =>
    of === position ? ownBackground(agents[of]) : partnerBackground(agents[of], task.relationship);
  return {
    position,
    names: [fullName(agents[0]), fullName(agents[1])],
    scenario: readAs(task.scenario, position),
    goal: readAs(task.goals[position], position),
    backgrounds: [background(0), background(1)],
  };
}
