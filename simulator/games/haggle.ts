import type { Offer, SpokenAct } from '../acts';
import type { Random } from '../random';
import { amountOf, wordsOf } from '../words';
import { AMOUNTS, amountsIn, ITEMS } from './contents';
import type { Game, GameTask, Position } from './game';
import { fill, readCommonAct, sayAccept, wordsWithoutEcho } from './speech';

/*
 * Haggling over a price. Scenario `haggle over the bike`; goals `sell limit=40 hope=60`, `buy limit=75 hope=50`.
 * At the own limit the goal is 0, at the hope or better 10, linear between.
 */
const PHRASES = [
  'how about {amount} dollars ?',
  'my price is {amount} dollars .',
  'i can do {amount} dollars .',
  'let us say {amount} dollars .',
];
const OFFERS: readonly Offer[] = AMOUNTS.filter((amount) => amount > 0).map((amount) => ({
  items: [],
  amount,
}));
/** Dollars beyond the hope in the first and second own turn. */
const BOLDNESS = [10, 5];
/** How ambitious a hope may be: its part of the zone between both limits. */
const AMBITION = { least: 0.4, most: 0.9 };

export const haggle: Game = {
  name: 'haggle',
  position(words) {
    if (!words.includes('haggle')) return undefined;
    const side = words.includes('sell') ? 'sell' : words.includes('buy') ? 'buy' : undefined;
    const limit = amountOf(words, 'limit');
    const hope = amountOf(words, 'hope');
    if (side === undefined || limit === undefined || hope === undefined || limit === hope) return undefined;
    return haggler(side, limit, hope);
  },
  fits: (one, other) => one.side !== other.side,
  invent,
};

function haggler(side: 'sell' | 'buy', limit: number, hope: number): Position {
  const completion = (offer: Offer): number => ((offer.amount ?? limit) - limit) / (hope - limit);
  return {
    game: 'haggle',
    side,
    wishes: [],
    mayAsk: false,
    mayTell: false,
    offers: OFFERS,
    score: (offer) => 10 * Math.min(1, Math.max(0, completion(offer))),
    gain: (offer) => 5 * Math.min(1, Math.max(-1, completion(offer))),
    fit: () => 0,
    revealedBy: () => [],
    echoOf: (offer) => [String(offer.amount)],
    anchor(ownTurns) {
      const beyond = BOLDNESS[ownTurns];
      if (beyond === undefined) return undefined;
      return { items: [], amount: Math.max(5, side === 'sell' ? hope + beyond : hope - beyond) };
    },
    say: (act, random) =>
      act.kind === 'offer' ? fill(random.pick(PHRASES), [], act.offer.amount) : sayAccept(random),
    read: (text) => readHaggling(wordsWithoutEcho(text)),
  };
}

function readHaggling(words: readonly string[]): SpokenAct | undefined {
  const common = readCommonAct(words);
  if (common) return common;
  const amounts = amountsIn(words);
  const [amount] = amounts;
  if (amount === undefined || amounts.length > 1) return undefined;
  return { kind: 'offer', offer: { items: [], amount } };
}

function invent(random: Random, about: string): GameTask {
  const item = wordsOf(about).find((word) => ITEMS.includes(word)) ?? random.pick(ITEMS);
  const floor = 20 + 5 * random.below(17);
  const zone = 20 + 5 * random.below(6);
  const hopes = AMOUNTS.filter((part) => part >= AMBITION.least * zone && part <= AMBITION.most * zone);
  const sellerHope = floor + random.pick(hopes);
  const buyerHope = floor + zone - random.pick(hopes);
  return {
    codename: `haggle_${item}`,
    scenario: `haggle over the ${item}`,
    goals: [`sell limit=${floor} hope=${sellerHope}`, `buy limit=${floor + zone} hope=${buyerHope}`],
  };
}
