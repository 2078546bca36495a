import { bargain } from './expert';
import type { Program, Situation } from './program';

const WHIM = 0.5;
const bargainPoorly = bargain({ skill: 0.2, listening: 0.6 });

/** Half of what it does is a whim; its dialogues show the language, not how to play well. */
export const poor: Program = (situation) =>
  situation.random.chance(WHIM) ? whim(situation) : bargainPoorly(situation);

function whim({ position, random, theirOffer }: Situation): ReturnType<Program> {
  const draw = random.next();
  if (draw < 0.1) return 'leave';
  if (draw < 0.25 && theirOffer) return { kind: 'accept' };
  if (draw < 0.6 && position.mayTell) return { kind: 'tell', items: position.wishes };
  const useful = position.offers.filter((offer) => position.score(offer) > 0);
  return { kind: 'offer', offer: random.pick(random.chance(0.5) ? position.offers : useful) };
}
