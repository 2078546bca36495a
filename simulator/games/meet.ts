import type { Offer, SpokenAct } from '../acts';
import type { Random } from '../random';
import { valuesOf } from '../words';
import { DAYS, RANKS } from './contents';
import type { Game, GameTask, Position } from './game';
import { fill, readCommonAct, sayAccept, wordsWithoutEcho } from './speech';

/*
 * Finding a day. Scenario `meet for lunch`; goal `free first=monday second=friday third=sunday`: three free
 * days in order of preference, worth 10, 7 and 4; a day that is not free is worth 0.
 */
const ASKS = ['when are you free ?', 'tell me when you are free .'];
const TELLS = ['i am free on {items} .', 'for me {items} is free .'];
const OFFERS = ['can we meet on {items} ?', 'let us meet on {items} .', 'how about {items} ?'];
const OCCASIONS = ['lunch', 'dinner', 'coffee', 'chess', 'tennis', 'golf'];
const ALL: readonly Offer[] = DAYS.map((day) => ({ items: [day] }));
const WORTH = [10, 7, 4];

export const meet: Game = {
  name: 'meet',
  position(words) {
    if (!words.includes('meet')) return undefined;
    const days = RANKS.flatMap((rank) => valuesOf(words, rank)).filter((day) => DAYS.includes(day));
    return days.length > 0 ? attendee(days.slice(0, WORTH.length)) : undefined;
  },
  fits: () => true,
  invent,
};

/** `days`: the free days from the most liked to the least. */
function attendee(days: readonly string[]): Position {
  return {
    game: 'meet',
    side: 'meet',
    wishes: [...days].sort(),
    mayAsk: true,
    mayTell: true,
    offers: ALL,
    score: (offer) => WORTH[days.indexOf(offer.items[0] ?? '')] ?? 0,
    gain: () => 0,
    fit: (offer, heard) => (heard.has(offer.items[0] ?? '') ? 1 : 0),
    revealedBy: (offer) => offer.items,
    echoOf: (offer) => offer.items,
    anchor: () => undefined,
    say: sayMeeting,
    read: (text) => readMeeting(wordsWithoutEcho(text)),
  };
}

function sayMeeting(act: SpokenAct, random: Random): string {
  if (act.kind === 'ask') return random.pick(ASKS);
  if (act.kind === 'tell') return fill(random.pick(TELLS), act.items);
  return act.kind === 'offer' ? fill(random.pick(OFFERS), act.offer.items) : sayAccept(random);
}

function readMeeting(words: readonly string[]): SpokenAct | undefined {
  const common = readCommonAct(words);
  if (common) return common;
  const items = words.filter((word) => DAYS.includes(word));
  if (words.includes('free')) return items.length > 0 ? { kind: 'tell', items } : undefined;
  return items.length === 1 ? { kind: 'offer', offer: { items } } : undefined;
}

function invent(random: Random): GameTask {
  const shared = random.pick([1, 2, 2]);
  const days = random.sample(DAYS, 6);
  const occasion = random.pick(OCCASIONS);
  const goal = (free: readonly string[]) =>
    `free ${random
      .sample(free, 3)
      .map((day, i) => `${RANKS[i]}=${day}`)
      .join(' ')}`;
  return {
    codename: `meet_${occasion}`,
    scenario: `meet for ${occasion}`,
    goals: [goal(days.slice(0, 3)), goal(days.slice(3 - shared, 6 - shared))],
  };
}
