import fc from 'fast-check';
import { filterEpisodes, sidesOf, type RatedSide } from '../../domain/filter';
import { Decision, FilterPolicy } from '../../schemas/filter';
import { DIMENSION_RANGES, overallScore, type Scores } from '../../schemas/scores';

/** Scores with a goal and, through believability, an overall. */
const scores = (goal: number, believability = 5): Scores => ({
  believability,
  relationship: 0,
  knowledge: 0,
  secret: 0,
  social_rules: 0,
  financial_and_material_benefits: 0,
  goal,
});

/** Episodes of one task from pairs of goals; null is unrated. */
const task = (name: string, goals: readonly (readonly [number, number] | null)[]): RatedSide[] =>
  goals.flatMap((pair, index) =>
    ([0, 1] as const).map((position) => ({
      episode: `${name}-${index}`,
      task: name,
      position,
      scores: pair === null ? null : scores(pair[position]),
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
    const side = (episode: string, goal: number, believability: number): RatedSide => ({
      episode,
      task: 'a',
      position: 0,
      scores: scores(goal, believability),
    });
    const decisions = filterEpisodes(
      [side('x', 8, 3), side('y', 8, 9), side('z', 7, 10)],
      policy({ policy: 'code-top1' }),
      1,
    );
    expect(decisions).toMatchObject([
      { episode: 'y', keep: true, reason: 'top-of-task', rank: 1, goal: 8, overall: 17 / 7, tied: true },
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

it('gives both sides of a collected episode, and none a score when it is unrated', () => {
  const episode = {
    number: 0,
    id: 'e',
    task: 't',
    players: ['policy', 'policy'] as [string, string],
    ending: 'left' as const,
    turns: 4,
    episode: 'a'.repeat(64),
    rating: 'b'.repeat(64),
  };
  expect(sidesOf([{ ...episode, scores: [scores(3), scores(4)] }])).toEqual([
    { episode: 'e', task: 't', position: 0, scores: scores(3) },
    { episode: 'e', task: 't', position: 1, scores: scores(4) },
  ]);
  expect(sidesOf([{ ...episode, scores: null }]).map((side) => side.scores)).toEqual([null, null]);
});

it('refuses a side that is given twice', () => {
  const sides = task('a', [[1, 1]]);
  expect(() => filterEpisodes([...sides, ...sides], policy({ policy: 'code-top1' }), 1)).toThrow(
    /Position 0 of episode a-0 is given twice/,
  );
});

describe('every policy', () => {
  const anyScores: fc.Arbitrary<Scores> = fc.record(
    Object.fromEntries(
      Object.entries(DIMENSION_RANGES).map(([dimension, [min, max]]) => [
        dimension,
        // Few different goals, so that ties are common.
        dimension === 'goal' ? fc.integer({ min: 7, max: 10 }) : fc.integer({ min, max: min + 1 }),
      ]),
    ) as { [D in keyof Scores]: fc.Arbitrary<number> },
  );
  const anySides: fc.Arbitrary<RatedSide[]> = fc
    .array(
      fc.record({
        task: fc.constantFrom('a', 'b', '__proto__'),
        scores: fc.option(fc.tuple(anyScores, anyScores), { freq: 6 }),
      }),
      { maxLength: 30 },
    )
    .map((episodes) =>
      episodes.flatMap(({ task: name, scores: pair }, index) =>
        ([0, 1] as const).map((position) => ({
          episode: `e${index}`,
          task: name,
          position,
          scores: pair && pair[position],
        })),
      ),
    );
  const anyPolicy = fc.constantFrom(
    ...[
      { policy: 'paper-bc' },
      { policy: 'paper-bc', top: 1 },
      { policy: 'paper-sr' },
      { policy: 'paper-sr', share: 0.5 },
      { policy: 'code-top1' },
      { policy: 'threshold', minimumGoal: 9 },
      { policy: 'random', share: 0.4 },
    ].map(policy),
  );
  const decided = fc.tuple(anySides, anyPolicy, fc.nat(1000));

  it('decides every side exactly once, by the schema', () => {
    fc.assert(
      fc.property(decided, ([sides, filter, seed]) => {
        const decisions = filterEpisodes(sides, filter, seed);
        const keys = (items: readonly { episode: string; position: number }[]) =>
          items.map(({ episode, position }) => `${episode}/${position}`).sort();
        expect(keys(decisions)).toEqual(keys(sides));
        for (const decision of decisions) expect(Decision.parse(decision)).toEqual(decision);
      }),
    );
  });

  it('does not depend on the order of the sides', () => {
    fc.assert(
      fc.property(
        decided.chain(([sides, filter, seed]) =>
          fc.tuple(
            fc.constant(sides),
            fc.shuffledSubarray(sides, { minLength: sides.length }),
            fc.constant(filter),
            fc.constant(seed),
          ),
        ),
        ([sides, shuffled, filter, seed]) => {
          expect(filterEpisodes(shuffled, filter, seed)).toEqual(filterEpisodes(sides, filter, seed));
        },
      ),
    );
  });

  it('ranks the rated sides of a task and position 1, 2, 3 … by goal, then overall', () => {
    fc.assert(
      fc.property(decided, ([sides, filter, seed]) => {
        const decisions = filterEpisodes(sides, filter, seed);
        for (const name of ['a', 'b', '__proto__']) {
          for (const position of [0, 1]) {
            const rated = decisions.filter(
              (d) => d.task === name && d.position === position && d.rank !== null,
            );
            expect(rated.map(({ rank }) => rank)).toEqual(rated.map((_, index) => index + 1));
            const order = rated.map((d) => (d.goal ?? 0) * 1000 + (d.overall ?? 0));
            expect(order).toEqual([...order].sort((x, y) => y - x));
          }
        }
      }),
    );
  });

  it('never keeps nor ranks an unrated side, and says so', () => {
    fc.assert(
      fc.property(decided, ([sides, filter, seed]) => {
        const unrated = new Set(
          sides.filter((s) => s.scores === null).map((s) => `${s.episode}/${s.position}`),
        );
        for (const decision of filterEpisodes(sides, filter, seed)) {
          const isUnrated = unrated.has(`${decision.episode}/${decision.position}`);
          expect(decision.reason === 'unrated').toBe(isUnrated);
          if (isUnrated)
            expect(decision).toMatchObject({ keep: false, rank: null, goal: null, overall: null });
        }
      }),
    );
  });

  it('records the scores it decided by', () => {
    fc.assert(
      fc.property(decided, ([sides, filter, seed]) => {
        const byKey = new Map(sides.map((side) => [`${side.episode}/${side.position}`, side.scores]));
        for (const decision of filterEpisodes(sides, filter, seed)) {
          const given = byKey.get(`${decision.episode}/${decision.position}`);
          expect(decision.goal).toBe(given ? given.goal : null);
          expect(decision.overall).toBe(given ? overallScore(given) : null);
        }
      }),
    );
  });

  it('calls tied whatever another seed decides otherwise, unless it draws by lot', () => {
    fc.assert(
      fc.property(anySides, fc.constantFrom('paper-bc', 'paper-sr', 'threshold'), (sides, name) => {
        // Equal overalls, so that goal ties are decided by lot alone.
        const flat = sides.map((side) => ({ ...side, scores: side.scores && scores(side.scores.goal) }));
        const filter = policy({ policy: name });
        const decide = (seed: number) =>
          new Map(filterEpisodes(flat, filter, seed).map((d) => [`${d.episode}/${d.position}`, d]));
        const first = decide(1);
        for (const seed of [2, 3, 4]) {
          for (const [key, decision] of decide(seed)) {
            const before = first.get(key);
            if (before && before.keep !== decision.keep)
              expect([before.tied, decision.tied]).toEqual([true, true]);
          }
        }
      }),
    );
  });
});
