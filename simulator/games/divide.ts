import type { Offer, SpokenAct } from '../acts';
import type { Random } from '../random';
import { valuesOf } from '../words';
import { GOODS, RANKS } from './contents';
import type { Game, GameTask, Position } from './game';
import { fill, readCommonAct, sayAccept, wordsWithoutEcho } from './speech';

/*
 * Dividing four goods that each side ranks in private, worth 4, 3, 2 and 1. Scenario `divide food after a
 * picnic`; goal `want first=tea second=rice third=salt fourth=eggs`. The goal is full at 7 of the 10 points.
 */
const ASKS = ['what do you want most ?', 'tell me what you want most .'];
const TELLS = ['i want the {items} most .', 'for me the {items} matters most .'];
const OFFERS = ['i take {items} , you take the rest .', 'give me {items} , keep the rest .'];
const OCCASIONS = ['picnic', 'party', 'trip', 'fair', 'dinner', 'festival'];
const FULL_GOAL = 7;

export const divide: Game = {
  name: 'divide',
  position(words) {
    if (!words.includes('divide')) return undefined;
    const order = RANKS.map((rank) => valuesOf(words, rank)[0]);
    const known = order.filter((good) => good !== undefined && GOODS.includes(good)) as string[];
    return new Set(known).size === RANKS.length ? divider(known) : undefined;
  },
  fits: (one, other) => sameGoods(one.offers, other.offers),
  invent,
};

/** `order`: the four goods from the most wanted to the least. */
function divider(order: readonly string[]): Position {
  const others = (taken: readonly string[]): string[] => order.filter((good) => !taken.includes(good));
  const worth = (offer: Offer): number => offer.items.reduce((sum, good) => sum + 4 - order.indexOf(good), 0);
  return {
    game: 'divide',
    side: 'divide',
    wishes: order.slice(0, 1),
    mayAsk: true,
    mayTell: true,
    offers: partsOf(order),
    score: (offer) => 10 * Math.min(1, worth(offer) / FULL_GOAL),
    gain: (offer) => worth(offer) - 5,
    fit(offer, heard) {
      const given = others(offer.items);
      return given.filter((good) => heard.has(good)).length + 0.1 * given.length;
    },
    revealedBy: (offer) => others(offer.items),
    echoOf: (offer) => others(offer.items).sort(),
    anchor: () => undefined,
    say: sayDividing,
    read: (text, own) => readDividing(wordsWithoutEcho(text), order, (said) => (own ? said : others(said))),
  };
}

/** All ways to get some, but not all, of the goods; the most wanted named first. */
function partsOf(order: readonly string[]): Offer[] {
  const masks = Array.from({ length: 2 ** order.length - 2 }, (_, i) => i + 1);
  return masks.map((mask) => ({ items: order.filter((_, i) => (mask >> i) & 1) }));
}

function sayDividing(act: SpokenAct, random: Random): string {
  if (act.kind === 'ask') return random.pick(ASKS);
  if (act.kind === 'tell') return fill(random.pick(TELLS), act.items);
  return act.kind === 'offer' ? fill(random.pick(OFFERS), act.offer.items) : sayAccept(random);
}

function readDividing(
  words: readonly string[],
  order: readonly string[],
  toOwn: (said: readonly string[]) => readonly string[],
): SpokenAct | undefined {
  const common = readCommonAct(words);
  if (common) return common;
  const said = order.filter((good) => words.includes(good));
  if (words.includes('rest') && said.length > 0 && said.length < order.length) {
    return { kind: 'offer', offer: { items: toOwn(said) } };
  }
  return words.includes('most') && said.length === 1 ? { kind: 'tell', items: said } : undefined;
}

function sameGoods(one: readonly Offer[], other: readonly Offer[]): boolean {
  const goods = (offers: readonly Offer[]) =>
    [...new Set(offers.flatMap((offer) => offer.items))].sort().join();
  return goods(one) === goods(other);
}

/** Two different orders: with the same one there would be nothing to talk about but luck. */
function invent(random: Random): GameTask {
  const goods = random.sample(GOODS, RANKS.length);
  const occasion = random.pick(OCCASIONS);
  const order = () => random.sample(goods, goods.length).map((good, i) => `${RANKS[i]}=${good}`);
  const one = order().join(' ');
  let other = order().join(' ');
  while (other === one) other = order().join(' ');
  return {
    codename: `divide_${occasion}_${goods[0]}`,
    scenario: `divide food after a ${occasion}`,
    goals: [`want ${one}`, `want ${other}`],
  };
}
