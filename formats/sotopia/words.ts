import type { AgentView } from '../../domain/episode/view';
import type { Action } from '../../schemas/episode';

/** AgentAction.to_natural_language: the argument as it was given, line breaks included. */
export function inSotopiasWords({ type, argument }: Action): string {
  switch (type) {
    case 'none':
      return 'did nothing';
    case 'speak':
      return `said: "${argument}"`;
    case 'leave':
      return 'left the conversation';
    default:
      return `[${type}] ${argument}`;
  }
}

/** What each side is told before its first turn, in Sotopia's words (ScriptBackground). */
export function backgroundOf(view: AgentView): string {
  const [first, second] = view.names;
  const goal = (position: 0 | 1) => (position === view.position ? view.goal : 'Unknown');
  return [
    'Here is the context of this interaction:',
    `Scenario: ${view.scenario}`,
    `Participants: ${first} and ${second}`,
    `${first}'s background: ${view.backgrounds[0] || 'Unknown'}`,
    `${second}'s background: ${view.backgrounds[1] || 'Unknown'}`,
    `${first}'s goal: ${goal(0)}`,
    `${second}'s goal: ${goal(1)}`,
  ].join('\n');
}
