import type { Ending, EpisodeRules, Position, Turn } from '../../schemas/episode';

/** Agents speak in turn, position 0 first (Sotopia's round-robin order). */
export const nextSpeaker = (turns: readonly Turn[]): Position => (turns.length % 2 === 0 ? 0 : 1);

/**
 * Whether the conversation is over, and why: an agent left, too many `none` in a row, or the turn limit
 * (Sotopia v0.1.4, RuleBasedTerminatedEvaluator).
 */
export function endingOf(turns: readonly Turn[], rules: EpisodeRules): Exclude<Ending, 'unparsable'> | null {
  if (turns.at(-1)?.action.type === 'leave') return 'left';
  if (silentTail(turns) > rules.maxSilentTurns) return 'silence';
  return turns.length >= rules.maxTurns ? 'limit' : null;
}

function silentTail(turns: readonly Turn[]): number {
  const lastSpoken = turns.findLastIndex((turn) => turn.action.type !== 'none');
  return turns.length - 1 - lastSpoken;
}
