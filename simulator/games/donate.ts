import type { Offer, SpokenAct } from '../acts';
import type { Random } from '../random';
import { amountOf, valuesOf } from '../words';
import { AMOUNTS, amountsIn, CAUSES, nearestFive } from './contents';
import type { Game, GameTask, Position } from './game';
import { fill, readCommonAct, sayAccept, wordsWithoutEcho } from './speech';

/*
 * Persuading someone to donate. Scenario `donate at a fair`; the collector's goal `collect for=rivers for=trees
 * for=music hope=30` is full at the hoped amount; the giver's `give care=trees limit=50` wants its cause, cheaply.
 */
const ASKS = ['what do you care about ?', 'tell me what you care about .'];
const TELLS = ['i care about {items} .', 'for me {items} matters most .'];
const REQUESTS = [
  'please give {amount} dollars for {items} .',
  'can you give {amount} dollars for {items} ?',
];
const PROMISES = ['i can give {amount} dollars for {items} .', 'i will give {amount} dollars for {items} .'];
const PLACES = ['fair', 'market', 'concert', 'school', 'station', 'party'];
const GIVEN: readonly number[] = AMOUNTS.filter((amount) => amount > 0 && amount <= 80);
const AMBITIONS = [0.5, 0.7, 0.9];
/** What giving all one can give costs a giver, of its goal. */
const COST_OF_GIVING = 0.6;

export const donate: Game = {
  name: 'donate',
  position(words) {
    if (!words.includes('donate')) return undefined;
    const causes = valuesOf(words, 'for').filter((cause) => CAUSES.includes(cause));
    const hope = amountOf(words, 'hope');
    if (words.includes('collect') && causes.length > 0 && hope) return collector(causes, hope);
    const cause = valuesOf(words, 'care')[0];
    const limit = amountOf(words, 'limit');
    return cause !== undefined && CAUSES.includes(cause) && limit ? giver(cause, limit) : undefined;
  },
  fits: (one, other) => one.side !== other.side,
  invent,
};

function collector(causes: readonly string[], hope: number): Position {
  return {
    ...common(causes, REQUESTS),
    side: 'collect',
    wishes: causes,
    mayAsk: true,
    mayTell: false,
    score: (offer) => 10 * Math.min(1, (offer.amount ?? 0) / hope),
    gain: (offer) => 5 * Math.min(1, (offer.amount ?? 0) / hope),
  };
}

function giver(cause: string, limit: number): Position {
  const part = (offer: Offer): number => (offer.amount ?? 0) / limit;
  const good = (offer: Offer): boolean => offer.items[0] === cause && part(offer) <= 1;
  return {
    ...common([cause], PROMISES),
    side: 'give',
    wishes: [cause],
    mayAsk: false,
    mayTell: true,
    score: (offer) => (good(offer) ? 10 * (1 - COST_OF_GIVING * part(offer)) : 0),
    gain: (offer) => -5 * Math.min(1, part(offer)),
  };
}

function common(causes: readonly string[], phrases: readonly string[]) {
  return {
    game: 'donate' as const,
    offers: causes.flatMap((cause) => GIVEN.map((amount) => ({ items: [cause], amount }))),
    fit: (offer: Offer, heard: ReadonlySet<string>) => (heard.has(offer.items[0] ?? '') ? 1 : 0),
    revealedBy: (offer: Offer) => offer.items,
    echoOf: (offer: Offer) => [...offer.items, String(offer.amount)],
    anchor: () => undefined,
    say: (act: SpokenAct, random: Random) => sayDonating(act, phrases, random),
    read: (text: string) => readDonating(wordsWithoutEcho(text)),
  };
}

function sayDonating(act: SpokenAct, phrases: readonly string[], random: Random): string {
  if (act.kind === 'ask') return random.pick(ASKS);
  if (act.kind === 'tell') return fill(random.pick(TELLS), act.items);
  return act.kind === 'offer'
    ? fill(random.pick(phrases), act.offer.items, act.offer.amount)
    : sayAccept(random);
}

function readDonating(words: readonly string[]): SpokenAct | undefined {
  const commonAct = readCommonAct(words);
  if (commonAct) return commonAct;
  const items = words.filter((word) => CAUSES.includes(word));
  if (items.length !== 1) return undefined;
  const amounts = amountsIn(words);
  const [amount] = amounts;
  return amounts.length === 1 && amount !== undefined
    ? { kind: 'offer', offer: { items, amount } }
    : { kind: 'tell', items };
}

function invent(random: Random): GameTask {
  const causes = random.sample(CAUSES, 3);
  const place = random.pick(PLACES);
  const limit = 20 + 5 * random.below(13);
  const hope = nearestFive(random.pick(AMBITIONS) * limit);
  return {
    codename: `donate_${place}_${causes[0]}`,
    scenario: `donate at a ${place}`,
    goals: [
      `collect ${causes.map((cause) => `for=${cause}`).join(' ')} hope=${hope}`,
      `give care=${random.pick(causes)} limit=${limit}`,
    ],
  };
}
