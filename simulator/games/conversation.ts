import type { Offer, SpokenAct } from '../acts';
import type { Random } from '../random';
import { wordsOf } from '../words';
import type { GameTask, Position } from './game';
import { fill, readCommonAct, sayAccept } from './speech';

/*
 * Any task that is no game: each side has a wish, made from the words of its goal. What may be agreed is whose
 * wish is done: only mine, mine first, yours first, or only yours.
 */
const MINE: Offer = { items: ['mine'] };
const MINE_FIRST: Offer = { items: ['mine first'] };
const YOURS_FIRST: Offer = { items: ['yours first'] };
const YOURS: Offer = { items: ['yours'] };
const OFFERS: readonly Offer[] = [MINE, MINE_FIRST, YOURS_FIRST, YOURS];
const WORTH = new Map(OFFERS.map((offer, i) => [offer.items[0], [10, 8, 6, 2][i] ?? 0]));

const ASKS = ['what is important to you ?', 'tell me what you would like .'];
const PHRASES = new Map([
  [MINE, ['i would like to {items} .', 'can we {items} ?', 'please let us {items} .']],
  [
    MINE_FIRST,
    ['first let us {items} , then it is your turn .', 'if we {items} first , then it is your turn .'],
  ],
  [
    YOURS_FIRST,
    ['first it is your turn , then let us {items} .', 'it is your turn , if we {items} after that .'],
  ],
  [YOURS, ['fine , let us do it your way .', 'if it matters so much to you , we do it your way .']],
]);
const WISHING =
  /\b(?:i (?:would like|want|need|wish|hope)|can we|could (?:we|you)|would you|please|let us|let's)\b/;
const LONGEST_WISH = 14;
const WISH_OF_NO_GOAL = ['talk'];
const SMALL_WORDS = new Set(
  'a an and the to of in on at for with my me i it is that this be do not their them'.split(' '),
);

const EXAMPLE_WISHES = [
  'watch a film',
  'take a walk in the park',
  'have dinner at home',
  'borrow the car for a day',
  'stay at home and rest',
  'invite my friend to the party',
  'clean the house',
  'listen to music',
  'talk about the past',
  'go to bed early',
  'buy a new table',
  'say sorry to my brother',
  'keep the window open',
  'work in the garden',
  'play a game of chess',
];
const EXAMPLE_SCENARIOS = [
  'two friends talk about the evening .',
  'two people in a room do not agree .',
  'a talk at home .',
  'two people meet in a park .',
  'two people at work need to agree .',
];

/** The position of a goal in free words. */
export function conversationPosition(goal: string): Position {
  const wish = wishOf(goal);
  return {
    game: 'conversation',
    side: 'conversation',
    wishes: wish.filter((word) => !SMALL_WORDS.has(word)),
    mayAsk: true,
    mayTell: false,
    offers: OFFERS,
    score: (offer) => WORTH.get(offer.items[0]) ?? 0,
    gain: () => 0,
    fit: () => 0,
    revealedBy: () => [],
    echoOf: () => [],
    anchor: () => undefined,
    say: (act, random) => sayConversing(act, wish.join(' '), random),
    read: (text, own) => readConversing(wordsOf(text), own),
  };
}

/** The wish of a goal: its last sentence without tags and bracketed hints, in the words of the one who has it. */
export function wishOf(goal: string): string[] {
  const plain = goal.replace(/\(?<(\w+)[^>]*>[\s\S]*?<\/\1>\)?/g, ' ').replace(/<[^>]*>|\([^)]*\)|"/g, ' ');
  const sentences = plain.split(/[.!?;:]+(?:\s|$)/).filter((sentence) => sentence.trim() !== '');
  const words = wordsOf(sentences.at(-1) ?? '').filter((word) => !/^[.,?!:;]$/.test(word));
  const wish = words
    .join(' ')
    .replace(/^(?:(?:you|your goal|the goal|want|is|need|try|wish|have) )*(?:to )?/, '');
  const kept = firstPerson(shortened(wish.split(' ').filter(Boolean)));
  return kept.length > 0 ? kept : WISH_OF_NO_GOAL;
}

/** The end of a long wish, from its first `to …` on: what is wanted mostly comes last. */
function shortened(wish: readonly string[]): readonly string[] {
  if (wish.length <= LONGEST_WISH) return wish;
  const end = wish.slice(-LONGEST_WISH);
  return end.slice(end.indexOf('to') + 1);
}

function firstPerson(words: readonly string[]): string[] {
  const swaps = new Map([
    ['your', 'my'],
    ['yours', 'mine'],
    ['yourself', 'myself'],
    ['you', 'i'],
    ["you're", "i'm"],
  ]);
  return words.map((word) => swaps.get(word) ?? word);
}

function sayConversing(act: SpokenAct, wish: string, random: Random): string {
  if (act.kind === 'ask') return random.pick(ASKS);
  if (act.kind !== 'offer') return sayAccept(random);
  const known = OFFERS.find((offer) => offer.items[0] === act.offer.items[0]) ?? MINE;
  return fill(random.pick(PHRASES.get(known) ?? []), [wish]);
}

function readConversing(words: readonly string[], own: boolean): SpokenAct | undefined {
  const text = words.join(' ');
  const offer = (mine: Offer, yours: Offer): SpokenAct => ({ kind: 'offer', offer: own ? mine : yours });
  const turn = text.indexOf('your turn');
  if (turn >= 0) {
    return text.lastIndexOf('then', turn) >= 0
      ? offer(MINE_FIRST, YOURS_FIRST)
      : offer(YOURS_FIRST, MINE_FIRST);
  }
  if (text.includes('your way')) return offer(YOURS, MINE);
  if (ASKS.some((ask) => text.endsWith(ask))) return { kind: 'ask' };
  if (WISHING.test(text)) return offer(MINE, YOURS);
  return readCommonAct(words);
}

/** A task in free words; for corpora whose readers should know the phrases. */
export function inventConversation(random: Random): GameTask {
  const [one = '', other = ''] = random.sample(EXAMPLE_WISHES, 2);
  return {
    codename: 'conversation',
    scenario: random.pick(EXAMPLE_SCENARIOS),
    goals: [`you want to ${one}`, `you want to ${other}`],
  };
}
