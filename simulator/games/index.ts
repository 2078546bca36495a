import { wordsOf } from '../words';
import { conversationPosition } from './conversation';
import { divide } from './divide';
import { donate } from './donate';
import type { Game, GameName, Position } from './game';
import { haggle } from './haggle';
import { meet } from './meet';

/** The verifiable games, in a fixed order: programs draw from it. */
export const GAMES: readonly Game[] = [haggle, divide, donate, meet];

export const gameNamed = (name: GameName): Game | undefined => GAMES.find((game) => game.name === name);

/**
 * The private position described by what one side was shown. `text` is scenario and own goal, `goal` the goal as
 * far as it is known apart; a text of no game gives a free conversation about the goal.
 */
export function positionOf(text: string, goal: string): Position {
  const words = wordsOf(text);
  for (const game of GAMES) {
    const position = game.position(words);
    if (position) return position;
  }
  return conversationPosition(goal);
}

/** Both sides' positions: of a game only if they belong together, else of a free conversation. */
export function positionsOf(scenario: string, goals: readonly [string, string]): [Position, Position] {
  const one = positionOf(`${scenario} ${goals[0]}`, goals[0]);
  const other = positionOf(`${scenario} ${goals[1]}`, goals[1]);
  const game = gameNamed(one.game);
  if (one.game === other.game && (game === undefined || game.fits(one, other))) return [one, other];
  return [conversationPosition(goals[0]), conversationPosition(goals[1])];
}
