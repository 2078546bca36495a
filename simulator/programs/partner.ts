import { heardWishes, LEAST_GOAL, levelAt, type Levels, offerAt, type Program } from './program';

/** Concedes steadily, turn by turn. */
const STEADY: Levels = { accept: [8.5, 6, 3, 1], offer: [10, 8.5, 6, 3] };

/** The fixed weak partner of all evaluations: tells what it wants when asked, and listens to what it was told. */
export const partner: Program = (situation) => {
  const { position, asked, ownTurns, theirOffer } = situation;
  if (theirOffer && position.score(theirOffer) >= Math.max(LEAST_GOAL, levelAt(STEADY.accept, ownTurns))) {
    return { kind: 'accept' };
  }
  if (asked && position.mayTell) return { kind: 'tell', items: position.wishes };
  return offerAt(situation, levelAt(STEADY.offer, ownTurns), heardWishes(situation));
};
