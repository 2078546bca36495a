import type { SpokenAct } from '../acts';
import {
  heardWishes,
  LEAST_GOAL,
  levelAt,
  type Levels,
  offerAt,
  type Program,
  type Situation,
} from './program';

/*
 * The expert mixes good and meek choices, each drawn anew, half and half: cloning it teaches the whole repertoire,
 * and selection among self-played episodes then has something to select. An expert that only plays well leaves
 * self-reinforcement nothing to find.
 */
const GOOD: Levels = { accept: [9.5, 8, 6, 1], offer: [10, 9.5, 8, 5] };
const MEEK: Levels = { accept: [1, 1, 1, 1], offer: [5, 4, 3, 2] };

/** How well a bargaining program plays. */
export interface Temper {
  /** Chance that a single choice is a good one. */
  readonly skill: number;
  /** Chance to heed what the other side said it wants. */
  readonly listening: number;
}

export const bargain =
  ({ skill, listening }: Temper): Program =>
  (situation) => {
    const { position, random, theirOffer, ownTurns } = situation;
    const levels = () => (random.chance(skill) ? GOOD : MEEK);
    if (
      theirOffer &&
      position.score(theirOffer) >= Math.max(LEAST_GOAL, levelAt(levels().accept, ownTurns))
    ) {
      return { kind: 'accept' };
    }
    const talk = talkFirst(situation, skill);
    if (talk) return talk;
    const aims = levels();
    const anchor = aims === GOOD ? position.anchor(ownTurns) : undefined;
    if (anchor) return { kind: 'offer', offer: anchor };
    const heard = random.chance(listening) ? heardWishes(situation) : new Set<string>();
    return offerAt(situation, levelAt(aims.offer, ownTurns), heard);
  };

/** Tells what it wants when asked (or at once, where it may not ask), and asks before it offers. */
function talkFirst(situation: Situation, skill: number): SpokenAct | undefined {
  const { position, random, asked, ownTurns, theirOffer } = situation;
  const first = ownTurns === 0;
  if (position.mayTell && (asked || (first && !position.mayAsk)) && random.chance(skill)) {
    return { kind: 'tell', items: position.wishes };
  }
  const knowsNothing = !theirOffer && heardWishes(situation).size === 0;
  return position.mayAsk && first && knowsNothing && random.chance(skill) ? { kind: 'ask' } : undefined;
}

export const expert: Program = bargain({ skill: 0.5, listening: 0.8 });
