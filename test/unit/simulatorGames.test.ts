import fc from 'fast-check';
import type { Offer, SpokenAct } from '../../simulator/acts';
import { GAMES, positionOf, positionsOf } from '../../simulator/games';
import { inventConversation, wishOf } from '../../simulator/games/conversation';
import type { GameTask, Position } from '../../simulator/games/game';
import { type Random, seededRandom } from '../../simulator/random';

const at = (text: string): Position => positionOf(text, text);
const dollars = (amount: number, ...items: string[]): Offer => ({ items, amount });
const things = (...items: string[]): Offer => ({ items });

describe('the goal of an agreement', () => {
  const cases: [string, Offer, number][] = [
    ['haggle over the bike sell limit=40 hope=60', dollars(40), 0],
    ['haggle over the bike sell limit=40 hope=60', dollars(30), 0],
    ['haggle over the bike sell limit=40 hope=60', dollars(45), 2.5],
    ['haggle over the bike sell limit=40 hope=60', dollars(75), 10],
    ['haggle over the bike buy limit=75 hope=50', dollars(75), 0],
    ['haggle over the bike buy limit=75 hope=50', dollars(80), 0],
    ['haggle over the bike buy limit=75 hope=50', dollars(65), 4],
    ['haggle over the bike buy limit=75 hope=50', dollars(40), 10],
    ['divide food after a trip want first=tea second=rice third=salt fourth=eggs', things('tea', 'rice'), 10],
    [
      'divide food after a trip want first=tea second=rice third=salt fourth=eggs',
      things('tea', 'eggs'),
      50 / 7,
    ],
    ['divide food after a trip want first=tea second=rice third=salt fourth=eggs', things('eggs'), 10 / 7],
    ['donate at a fair collect for=rivers for=trees for=music hope=40', dollars(10, 'trees'), 2.5],
    ['donate at a fair collect for=rivers for=trees for=music hope=40', dollars(80, 'music'), 10],
    ['donate at a fair give care=trees limit=50', dollars(25, 'trees'), 7],
    ['donate at a fair give care=trees limit=50', dollars(50, 'trees'), 4],
    ['donate at a fair give care=trees limit=50', dollars(55, 'trees'), 0],
    ['donate at a fair give care=trees limit=50', dollars(5, 'rivers'), 0],
    ['meet for lunch free first=monday second=friday third=sunday', things('monday'), 10],
    ['meet for lunch free first=monday second=friday third=sunday', things('friday'), 7],
    ['meet for lunch free first=monday second=friday third=sunday', things('sunday'), 4],
    ['meet for lunch free first=monday second=friday third=sunday', things('tuesday'), 0],
  ];
  test.each(cases)('%s, agreed %j: %d', (text, offer, goal) => {
    expect(at(text).score(offer)).toBeCloseTo(goal, 10);
  });

  test('in dividing, what one side takes is what the other does not get', () => {
    const [one, other] = positionsOf('divide food after a trip', [
      'want first=tea second=rice third=salt fourth=eggs',
      'want first=rice second=tea third=eggs fourth=salt',
    ]);
    expect(one.read('i take tea , you take the rest .', true)).toEqual({
      kind: 'offer',
      offer: things('tea'),
    });
    expect(other.read('i take tea , you take the rest .', false)).toEqual({
      kind: 'offer',
      offer: things('rice', 'eggs', 'salt'),
    });
  });
});

describe('what is said', () => {
  const inventors: ((random: Random) => GameTask)[] = [
    ...GAMES.map((game) => (random: Random) => game.invent(random, '')),
    inventConversation,
  ];
  const tasks = fc.tuple(fc.constantFrom(...inventors), fc.nat()).map(([invent, seed]) => ({
    task: invent(seededRandom('test', seed)),
    random: seededRandom('words', seed),
  }));

  /** Every act a position can say, its offers thinned to one. */
  const actsOf = (position: Position, random: Random): SpokenAct[] => [
    { kind: 'offer', offer: random.pick(position.offers) },
    { kind: 'accept' },
    ...(position.mayAsk ? [{ kind: 'ask' } as const] : []),
    ...(position.mayTell ? [{ kind: 'tell', items: position.wishes } as const] : []),
  ];
  const PREFIXES = ['', 'no , ', 'hmm , ', 'not for me . ', 'i see . ', 'that is hard . '];

  test('is understood as it was meant by the side that said it, whatever reaction comes before', () => {
    fc.assert(
      fc.property(tasks, ({ task, random }) => {
        for (const position of positionsOf(task.scenario, task.goals)) {
          for (const act of actsOf(position, random)) {
            const prefix = act.kind === 'accept' ? '' : random.pick(PREFIXES);
            const echo = act.kind === 'offer' ? position.echoOf(act.offer).join(' and ') : '';
            const text = `${echo && `${echo} ? `}${prefix}${position.say(act, random)}`;
            const read = position.read(text, true);
            if (act.kind !== 'tell') expect({ text, read }).toEqual({ text, read: act });
            else expect(read).toMatchObject({ kind: 'tell' });
          }
        }
      }),
    );
  });

  test('means the same to the other side: an offer is worth to it what it gets', () => {
    fc.assert(
      fc.property(tasks, ({ task, random }) => {
        const [one, other] = positionsOf(task.scenario, task.goals);
        const offer = random.pick(one.offers);
        const heard = other.read(one.say({ kind: 'offer', offer }, random), false);
        expect(heard?.kind).toBe('offer');
        if (one.game === 'divide' && heard?.kind === 'offer') {
          expect([...offer.items, ...heard.offer.items]).toHaveLength(4);
        }
      }),
    );
  });

  test('may be written as people write: capitals, punctuation, words around', () => {
    const seller = at('haggle over the bike sell limit=40 hope=60');
    expect(seller.read('Sure, I could do 55 dollars!', false)).toEqual({ kind: 'offer', offer: dollars(55) });
    expect(seller.read("Great, it's a deal.", false)).toEqual({ kind: 'accept' });
  });

  test.each(['no deal .', 'i do not agree .', 'do you agree ?', "i can't accept that .", 'hello there .'])(
    '"%s" accepts nothing',
    (text) => {
      expect(at('haggle over the bike sell limit=40 hope=60').read(text, false)).toBeUndefined();
    },
  );
});

describe('tasks', () => {
  test('are recognised from their texts: both sides of one game', () => {
    fc.assert(
      fc.property(fc.constantFrom(...GAMES), fc.nat(), (game, seed) => {
        const task = game.invent(seededRandom('test', seed), '');
        const [one, other] = positionsOf(task.scenario, task.goals);
        expect([one.game, other.game]).toEqual([game.name, game.name]);
        expect(task.goals[0]).not.toBe(task.goals[1]);
      }),
    );
  });

  test('can always be agreed on with something for both', () => {
    fc.assert(
      fc.property(fc.constantFrom(...GAMES), fc.nat(), (game, seed) => {
        const random = seededRandom('test', seed);
        const task = game.invent(random, '');
        const [one, other] = positionsOf(task.scenario, task.goals);
        const both = one.offers.some((offer) => {
          const heard = other.read(one.say({ kind: 'offer', offer }, random), false);
          return one.score(offer) > 0 && heard?.kind === 'offer' && other.score(heard.offer) > 0;
        });
        expect(both).toBe(true);
      }),
    );
  });

  test('whose two goals are not two sides of one game are free conversations', () => {
    const goals: [string, string] = ['sell limit=40 hope=60', 'sell limit=50 hope=70'];
    expect(positionsOf('haggle over the bike', goals).map(({ game }) => game)).toEqual([
      'conversation',
      'conversation',
    ]);
  });
});

test.each([
  [
    'To watch a comedy with your friend (<strategy_hint>Hint: bring snacks</strategy_hint>)',
    'watch a comedy with my friend',
  ],
  ['You want to keep your job', 'keep my job'],
  ['You work here. Ask for a day off.', 'ask for a day off'],
  ['', 'talk'],
])('the wish of the goal "%s"', (goal, wish) => {
  expect(wishOf(goal).join(' ')).toBe(wish);
});
