import type { Action } from '../../schemas/episode';

/** An action as others perceive it, in Sotopia's words. */
export function perceive(action: Action): string {
  switch (action.type) {
    case 'none':
      return 'did nothing';
    case 'speak':
      return `said: "${action.argument}"`;
    case 'leave':
      return 'left the conversation';
    default:
      return `[${action.type}] ${action.argument}`;
  }
}
