import fc from 'fast-check';
import { filterEpisodes, type RatedSide } from '../../domain/filter';
import { Decision, FilterPolicy } from '../../schemas/filter';

type Score = Pick<RatedSide, 'goal' | 'overall'>;

/** Few different scores, so that ties are common. */
const anyScore: fc.Arbitrary<Score> = fc.record({
  goal: fc.integer({ min: 7, max: 10 }),
  overall: fc.constantFrom(9 / 7, 10 / 7, 11 / 7),
});
const UNRATED: readonly [Score, Score] = [
  { goal: null, overall: null },
  { goal: null, overall: null },
];
const anySides: fc.Arbitrary<RatedSide[]> = fc
  .array(
    fc.record({
      task: fc.constantFrom('a', 'b', '__proto__'),
      scores: fc.option(fc.tuple(anyScore, anyScore), { freq: 6 }),
    }),
    { maxLength: 30 },
  )
  .map((episodes) =>
    episodes.flatMap(({ task, scores }, index) =>
      ([0, 1] as const).map((position) => ({
        episode: `e${index}`,
        task,
        position,
        ...(scores ?? UNRATED)[position],
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
  ].map((policy) => FilterPolicy.parse(policy)),
);
const anyFiltering = fc.tuple(anySides, anyPolicy, fc.nat(1000));
const keyOf = ({ episode, position }: { episode: string; position: number }) => `${episode}/${position}`;

describe('every filter policy', () => {
  it('decides every side exactly once, by the schema', () => {
    fc.assert(
      fc.property(anyFiltering, ([sides, policy, seed]) => {
        const decisions = filterEpisodes(sides, policy, seed);
        expect(decisions.map(keyOf).sort()).toEqual(sides.map(keyOf).sort());
        for (const decision of decisions) expect(Decision.parse(decision)).toEqual(decision);
      }),
    );
  });

  it('does not depend on the order of the sides', () => {
    const shuffled = anyFiltering.chain(([sides, policy, seed]) =>
      fc.tuple(
        fc.constant(sides),
        fc.shuffledSubarray(sides, { minLength: sides.length }),
        fc.constant(policy),
        fc.constant(seed),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([sides, others, policy, seed]) => {
        expect(filterEpisodes(others, policy, seed)).toEqual(filterEpisodes(sides, policy, seed));
      }),
    );
  });

  it('ranks the rated sides of a task and position 1, 2, 3 … by goal, then overall', () => {
    fc.assert(
      fc.property(anyFiltering, ([sides, policy, seed]) => {
        const groups = new Map<string, Decision[]>();
        for (const decision of filterEpisodes(sides, policy, seed)) {
          if (decision.rank === null) continue;
          const key = `${decision.position} ${decision.task}`;
          groups.set(key, [...(groups.get(key) ?? []), decision]);
        }
        for (const group of groups.values()) {
          expect(group.map(({ rank }) => rank)).toEqual(group.map((_, index) => index + 1));
          const scores = group.map(({ goal, overall }) => 1000 * (goal ?? 0) + (overall ?? 0));
          expect(scores).toEqual([...scores].sort((x, y) => y - x));
        }
      }),
    );
  });

  it('records the scores of each side, and neither keeps nor ranks an unrated one', () => {
    fc.assert(
      fc.property(anyFiltering, ([sides, policy, seed]) => {
        const given = new Map(sides.map((side) => [keyOf(side), side]));
        for (const decision of filterEpisodes(sides, policy, seed)) {
          const { goal = null, overall = null } = given.get(keyOf(decision)) ?? {};
          expect(decision).toMatchObject({ goal, overall });
          expect(decision.reason === 'unrated').toBe(goal === null);
          if (goal === null) expect(decision).toMatchObject({ keep: false, rank: null, tied: false });
        }
      }),
    );
  });

  it('keeps the best first: nothing dropped outranks what is kept for being at the top', () => {
    fc.assert(
      fc.property(anyFiltering, ([sides, policy, seed]) => {
        const decisions = filterEpisodes(sides, policy, seed);
        for (const top of decisions.filter(({ reason }) => reason === 'top-of-task')) {
          const better = decisions.filter(
            (other) =>
              other.task === top.task &&
              other.position === top.position &&
              (other.rank ?? Infinity) < (top.rank ?? Infinity),
          );
          expect(better.every(({ keep }) => keep)).toBe(true);
        }
      }),
    );
  });

  it('calls tied whatever another seed decides otherwise, unless it draws by lot', () => {
    fc.assert(
      fc.property(anySides, fc.constantFrom('paper-bc', 'paper-sr', 'threshold'), (sides, name) => {
        // Equal overalls, so that the lot alone decides between equal goals.
        const level = sides.map((side) => ({ ...side, overall: side.goal && 1 }));
        const policy = FilterPolicy.parse({ policy: name });
        const decide = (seed: number) =>
          new Map(filterEpisodes(level, policy, seed).map((decision) => [keyOf(decision), decision]));
        const first = decide(1);
        for (const seed of [2, 3, 4]) {
          for (const [key, decision] of decide(seed)) {
            const before = first.get(key);
            if (before?.keep !== decision.keep) expect([before?.tied, decision.tied]).toEqual([true, true]);
          }
        }
      }),
    );
  });
});
