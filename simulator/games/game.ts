import type { Offer, SpokenAct } from '../acts';
import type { Random } from '../random';

export const GAME_NAMES = ['haggle', 'divide', 'donate', 'meet', 'conversation'] as const;
export type GameName = (typeof GAME_NAMES)[number];

/** What one side knows: its own private goal, and nothing of the other side's. */
export interface Position {
  readonly game: GameName;
  /** Which of the game's sides this is; sides of symmetric games have the same name. */
  readonly side: string;
  /** The words of what this side wants, as it says them when it tells the truth. */
  readonly wishes: readonly string[];
  readonly mayAsk: boolean;
  readonly mayTell: boolean;
  /** All offers this side can make. */
  readonly offers: readonly Offer[];
  /** Goal completion 0..10 if this offer is agreed; exact, not rounded. */
  score(offer: Offer): number;
  /** Money or goods won (5) or lost (-5) if this offer is agreed; exact, not rounded. */
  gain(offer: Offer): number;
  /** How far an offer goes to meet what the other side said it wants; higher is kinder. */
  fit(offer: Offer, heard: ReadonlySet<string>): number;
  /** What an offer of the other side shows of its wishes. */
  revealedBy(offer: Offer): readonly string[];
  /** The words of an offer of the other side, for repeating them. */
  echoOf(offer: Offer): readonly string[];
  /** A bold early offer, beyond what is hoped for, or nothing where boldness makes no sense. */
  anchor(ownTurns: number): Offer | undefined;
  /** English for an act. */
  say(act: SpokenAct, random: Random): string;
  /** The act of a spoken text; `own` tells who spoke. */
  read(text: string, own: boolean): SpokenAct | undefined;
}

/** Texts of a social task: what both sides see, and what each alone sees. */
export interface GameTask {
  readonly codename: string;
  readonly scenario: string;
  readonly goals: readonly [string, string];
}

/** One verifiable social game. */
export interface Game {
  readonly name: GameName;
  /** The position that the words of scenario and goal describe, or nothing if they are not of this game. */
  position(words: readonly string[]): Position | undefined;
  /** Whether two positions are the two sides of one task. */
  fits(one: Position, other: Position): boolean;
  /** Invents a task. `about` is the seed sentence; words of it are used where the game knows them. */
  invent(random: Random, about: string): GameTask;
}
