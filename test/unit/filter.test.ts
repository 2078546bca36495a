import { filterEpisodes, type RatedSide } from '../../domain/filter';
import { type Decision, FilterPolicy } from '../../schemas/filter';

/** Episodes of one task from pairs of goals; null is unrated. */
const task = (name: string, goals: readonly (readonly [number, number] | null)[]): RatedSide[] =>
  goals.flatMap((pair, index) =>
    ([0, 1] as const).map((position) => ({
      episode: `${name}-${index}`,
      task: name,
      position,
      goal: pair && pair[position],
      overall: pair && 1,
    })),
  );

const policy = (input: unknown): FilterPolicy => FilterPolicy.parse(input);
const reasons = (decisions: readonly Decision[], position: 0 | 1) =>
  Object.fromEntries(
    decisions.filter((decision) => decision.position === position).map((d) => [d.episode, d.reason]),
  );
const keptOf = (decisions: readonly Decision[]) =>
  decisions
    .filter(({ keep }) => keep)
    .map(({ episode, position }) => `${episode}/${position}`)
    .sort();

describe('paper-bc', () => {
  it('keeps the top two of each position, and of the others both agents where each beats the lower mean', () => {
    // Position 0: 9 8 7 6 2 (mean 6.4); position 1: 3 9 8 7 5 (mean 6.4); all sides: mean 6.4.
    const sides = task('a', [
      [9, 3],
      [8, 9],
      [7, 8],
      [6, 7],
      [2, 5],
    ]);
    const decisions = filterEpisodes(sides, policy({ policy: 'paper-bc' }), 1);
    expect(reasons(decisions, 0)).toEqual({
      'a-0': 'top-of-task',
      'a-1': 'top-of-task',
      'a-2': 'both-above-mean', // 7 > 6.4 and 8 > 6.4
      'a-3': 'below-mean', // 6 is not
      'a-4': 'below-mean',
    });
    expect(reasons(decisions, 1)).toEqual({
      'a-0': 'below-mean',
      'a-1': 'top-of-task',
      'a-2': 'top-of-task',
      'a-3': 'below-mean', // 7 > 6.4, but its partner has 6
      'a-4': 'below-mean',
    });
  });

  it('compares with the global mean where it is lower than the local one', () => {
    // Task a: every local mean is 8.25; with b the global mean is (66 + 8) / 16 = 4.625.
    const a = task('a', [
      [10, 10],
      [10, 10],
      [7, 7],
      [6, 6],
    ]);
    const b = task('b', [
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const alone = keptOf(filterEpisodes(a, policy({ policy: 'paper-bc' }), 1));
    expect(alone).toEqual(['a-0/0', 'a-0/1', 'a-1/0', 'a-1/1']);
    const together = keptOf(filterEpisodes([...a, ...b], policy({ policy: 'paper-bc' }), 1));
    expect(together.filter((side) => side.startsWith('a'))).toHaveLength(8);
    // In b nothing is above its own mean of 1: only the two drawn to the top stay in each position.
    expect(together.filter((side) => side.startsWith('b'))).toHaveLength(4);
  });

  it('does not call a mean beaten that is only reached', () => {
    const decisions = filterEpisodes(
      task('a', [
        [10, 10],
        [10, 10],
        [10, 10],
      ]),
      policy({ policy: 'paper-bc' }),
      1,
    );
    expect(decisions.filter(({ keep }) => keep)).toHaveLength(4);
    expect(decisions.every(({ tied }) => tied)).toBe(true);
  });
});

describe('paper-sr', () => {
  it.each([
    [10, 0.2, 2],
    [4, 0.2, 1],
    [8, 0.2, 2],
    [7, 0.2, 1],
    [1, 0.2, 1],
    [3, 1, 3],
    [5, 0.5, 3],
  ])('of %i episodes keeps a share of %f as %i a position', (episodes, share, kept) => {
    const sides = task(
      'a',
      Array.from({ length: episodes }, (_, index) => [index, 10 - index] as const),
    );
    const decisions = filterEpisodes(sides, policy({ policy: 'paper-sr', share }), 1);
    expect(keptOf(decisions)).toHaveLength(2 * kept);
    const best = decisions.filter(({ keep, position }) => keep && position === 0).map(({ goal }) => goal);
    expect(best).toEqual(Array.from({ length: kept }, (_, index) => episodes - 1 - index));
  });

  it('counts the share of the rated sides only', () => {
    const sides = task('a', [[5, 5], null, null, null, null, null, null, [4, 4], null, null]);
    expect(keptOf(filterEpisodes(sides, policy({ policy: 'paper-sr', share: 0.5 }), 1))).toEqual([
      'a-0/0',
      'a-0/1',
    ]);
  });
});

describe('code-top1', () => {
  it('keeps one side a task and position, by goal and then by overall', () => {
    const side = (episode: string, goal: number, overall: number): RatedSide => ({
      episode,
      task: 'a',
      position: 0,
      goal,
      overall,
    });
    const decisions = filterEpisodes(
      [side('x', 8, 1.5), side('y', 8, 2.5), side('z', 7, 3)],
      policy({ policy: 'code-top1' }),
      1,
    );
    expect(decisions).toMatchObject([
      { episode: 'y', keep: true, reason: 'top-of-task', rank: 1, goal: 8, overall: 2.5, tied: true },
      { episode: 'x', keep: false, reason: 'below-top', rank: 2, tied: true },
      { episode: 'z', keep: false, reason: 'below-top', rank: 3, tied: false },
    ]);
  });
});

describe('threshold', () => {
  it('keeps sides from the threshold on and as many of each position, the best first', () => {
    const sides = [
      ...task('a', [
        [9, 6],
        [7, 7],
        [8, 2],
      ]),
      ...task('b', [[10, 10]]),
    ];
    const decisions = filterEpisodes(sides, policy({ policy: 'threshold' }), 1);
    expect(reasons(decisions, 0)).toEqual({
      'b-0': 'above-threshold',
      'a-0': 'above-threshold',
      'a-2': 'balanced-away',
      'a-1': 'balanced-away',
    });
    expect(reasons(decisions, 1)).toEqual({
      'b-0': 'above-threshold',
      'a-1': 'above-threshold',
      'a-0': 'below-threshold',
      'a-2': 'below-threshold',
    });
  });

  it('keeps nothing when one position never reaches it', () => {
    const sides = task('a', [
      [9, 1],
      [9, 1],
    ]);
    expect(keptOf(filterEpisodes(sides, policy({ policy: 'threshold' }), 1))).toEqual([]);
  });
});

describe('random', () => {
  const sides = task(
    'a',
    Array.from({ length: 10 }, (_, index) => [index, index] as const),
  );

  it('draws as many as paper-sr would keep, differently for another seed', () => {
    const draws = [1, 2, 3, 4, 5, 6].map((seed) =>
      keptOf(filterEpisodes(sides, policy({ policy: 'random', share: 0.3 }), seed)),
    );
    for (const draw of draws) expect(draw).toHaveLength(6);
    expect(new Set(draws.map(String)).size).toBe(6);
  });

  it('pays no heed to the goal', () => {
    // Over 400 seeds a draw of 3 among goals 0 … 9 has mean 4.5; its standard error is about 0.07.
    const goals = Array.from({ length: 400 }, (_, seed) =>
      filterEpisodes(sides, policy({ policy: 'random', share: 0.3 }), seed)
        .filter(({ keep, position }) => keep && position === 0)
        .map(({ goal }) => goal ?? Number.NaN),
    ).flat();
    expect(Math.abs(goals.reduce((sum, goal) => sum + goal, 0) / goals.length - 4.5)).toBeLessThan(0.4);
  });
});

it('refuses a side that is given twice', () => {
  const sides = task('a', [[1, 1]]);
  expect(() => filterEpisodes([...sides, ...sides], policy({ policy: 'code-top1' }), 1)).toThrow(
    /Position 0 of episode a-0 is given twice/,
  );
});
