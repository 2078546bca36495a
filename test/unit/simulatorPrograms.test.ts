import { type Action, LEAVE, speak, type Turn } from '../../simulator/acts';
import { GAMES, positionOf, positionsOf } from '../../simulator/games';
import type { GameTask } from '../../simulator/games/game';
import { outcomeOf, readTurns } from '../../simulator/outcome';
import { expert } from '../../simulator/programs/expert';
import { partner } from '../../simulator/programs/partner';
import { poor } from '../../simulator/programs/poor';
import { play, type Program } from '../../simulator/programs/program';
import { type Random, seededRandom } from '../../simulator/random';

const MOST_TURNS = 8;
const seenFrom = (side: number, actions: readonly Action[]): Turn[] =>
  actions.map((action, i) => ({ own: i % 2 === side, action }));

function playOut(task: GameTask, programs: readonly [Program, Program], random: Random) {
  const positions = positionsOf(task.scenario, task.goals);
  const actions: Action[] = [];
  while (actions.length < MOST_TURNS && actions.at(-1)?.type !== 'leave') {
    const side = actions.length % 2 === 0 ? 0 : 1;
    actions.push(play(programs[side], positions[side], seenFrom(side, actions), random));
  }
  const goals = positions.map((position, side) => {
    const { agreed } = outcomeOf(readTurns(position, seenFrom(side, actions)));
    return agreed ? position.score(agreed) : 0;
  });
  return { actions, goals };
}

/** Mean goal of both positions over many tasks of all games. */
function meanGoals(programs: readonly [Program, Program], episodes = 1200): [number, number] {
  const sums: [number, number] = [0, 0];
  for (let i = 0; i < episodes; i++) {
    const random = seededRandom('strength', i);
    const game = GAMES[i % GAMES.length];
    if (!game) throw new Error('there are games');
    const { goals } = playOut(game.invent(random, ''), programs, random);
    sums[0] += goals[0] ?? 0;
    sums[1] += goals[1] ?? 0;
  }
  return [sums[0] / episodes, sums[1] / episodes];
}

const seller = positionOf('haggle over the bike sell limit=40 hope=60', '');
const offers = [true, false].map(
  (own): Turn => ({ own, action: speak(`how about ${own ? 70 : 55} dollars ?`) }),
);
const says = (own: boolean, text: string): Turn => ({ own, action: speak(text) });

describe('who has settled leaves', () => {
  test.each([expert, partner, poor])('after the other side accepted the own offer', (program) => {
    const turns = [...offers, says(false, 'deal , i agree .')];
    expect(play(program, seller, turns, seededRandom(1))).toEqual(LEAVE);
  });

  test.each([expert, partner, poor])('when asked again after having accepted', (program) => {
    const turns = [...offers, says(true, 'deal , i agree .'), says(false, 'how about 50 dollars ?')];
    expect(play(program, seller, turns, seededRandom(1))).toEqual(LEAVE);
  });

  test('but an acceptance of nothing settles nothing', () => {
    expect(play(partner, seller, [says(false, 'deal , i agree .')], seededRandom(1)).type).toBe('speak');
  });
});

describe('agreement', () => {
  test('is on the offer that stands, and what is said later does not undo it', () => {
    const turns = [
      says(true, 'how about 70 dollars ?'),
      says(false, 'how about 45 dollars ?'),
      says(true, 'how about 60 dollars ?'),
      says(false, 'deal , i agree .'),
      says(true, 'how about 80 dollars ?'),
    ];
    expect(outcomeOf(readTurns(seller, turns)).agreed).toEqual({ items: [], amount: 60 });
  });

  test('is not reached by who leaves first', () => {
    const turns = [...offers, { own: false, action: LEAVE }, says(true, 'deal , i agree .')];
    expect(outcomeOf(readTurns(seller, turns))).toMatchObject({ agreed: undefined, left: true });
  });
});

describe('strength', () => {
  test('the expert against itself reaches about seven of ten: neither saturated nor lost', () => {
    for (const goal of meanGoals([expert, expert])) {
      expect(goal).toBeGreaterThan(6.3);
      expect(goal).toBeLessThan(8.2);
    }
  });

  test('the expert mixes good and meek choices: the best two of ten episodes are far better than the mean', () => {
    const task = {
      codename: '',
      scenario: 'haggle over the bike',
      goals: ['sell limit=40 hope=60', 'buy limit=75 hope=50'],
    } as const;
    const goals = Array.from(
      { length: 200 },
      (_, i) =>
        playOut({ ...task, goals: [...task.goals] }, [expert, expert], seededRandom('mix', i)).goals[0] ?? 0,
    );
    const mean = goals.reduce((sum, goal) => sum + goal, 0) / goals.length;
    const best = goals.sort((a, b) => b - a).slice(0, 40);
    expect(mean).toBeLessThan(8.5);
    expect(Math.min(...best)).toBeGreaterThanOrEqual(9.5);
    expect(Math.min(...goals)).toBeLessThan(5);
  });

  test('the fixed partner leaves poor players room to become as good as the expert, and better', () => {
    const [poorGoal] = meanGoals([poor, partner]);
    const [expertGoal] = meanGoals([expert, partner]);
    const [ownGoal] = meanGoals([partner, partner]);
    expect(poorGoal).toBeLessThan(expertGoal - 0.5);
    expect(expertGoal).toBeLessThan(ownGoal);
  });

  test('poor dialogues often end without agreement', () => {
    let agreed = 0;
    for (let i = 0; i < 400; i++) {
      const random = seededRandom('poor', i);
      const task = random.pick(GAMES).invent(random, '');
      agreed += playOut(task, [poor, poor], random).goals.some((goal) => goal > 0) ? 1 : 0;
    }
    expect(agreed / 400).toBeGreaterThan(0.6);
    expect(agreed / 400).toBeLessThan(0.9);
  });
});

test('every utterance of every program is understood in its game', () => {
  for (let i = 0; i < 400; i++) {
    const random = seededRandom('understood', i);
    const task = random.pick(GAMES).invent(random, '');
    const positions = positionsOf(task.scenario, task.goals);
    const { actions } = playOut(task, [random.pick([expert, poor]), random.pick([partner, poor])], random);
    for (const [turn, { type, argument }] of actions.entries()) {
      if (type === 'leave') continue;
      for (const side of [0, 1] as const) {
        const read = positions[side].read(argument, turn % 2 === side);
        expect({ argument, read: read?.kind }).toEqual({ argument, read: expect.any(String) });
      }
    }
  }
});
