import fc from 'fast-check';
import {
  compareEvaluations,
  type EvaluationRow,
  pairedTTest,
  summariseEvaluation,
} from '../../domain/statistics';
import { Evaluation, Results } from '../../schemas/evaluation';
import type { Scores } from '../../schemas/scores';

const scores = (goal: number, others: Partial<Scores> = {}): Scores => ({
  believability: 8,
  relationship: 1,
  knowledge: 3,
  secret: 0,
  social_rules: -1,
  financial_and_material_benefits: 0,
  ...others,
  goal,
});

const row = (task: string, position: 0 | 1, own: number | null, partner = 5, turns = 6): EvaluationRow => ({
  task,
  position,
  rated: own === null ? null : { own: scores(own), partner: scores(partner) },
  turns,
});

/** An evaluation with both positions of each task at the given goal; null leaves the task unrated. */
const evaluation = (name: string, goals: Readonly<Record<string, number | null>>): Evaluation =>
  summariseEvaluation(
    name,
    Object.entries(goals).flatMap(([task, goal]) => [row(task, 0, goal), row(task, 1, goal)]),
  );

const compare = (evaluations: Evaluation[], others: Partial<Parameters<typeof compareEvaluations>[0]> = {}) =>
  compareEvaluations({
    evaluations,
    policies: ['base', 'BC'],
    references: ['expert'],
    pairs: [['BC', 'base']],
    hardShare: 0.5,
    bootstrapSamples: 500,
    seed: 1,
    simulated: true,
    ...others,
  });

describe('summariseEvaluation', () => {
  const rows = [
    row('b', 0, 4, 0, 4),
    row('a', 0, 10, 6, 8),
    row('a', 1, 7, 3, 6),
    row('a', 1, null, 0, 99),
    row('c', 0, null, 0, 99),
  ];

  it('gives means per task over rated episodes, by hand', () => {
    const summary = summariseEvaluation('BC', rows);
    expect(Evaluation.parse(summary)).toEqual(summary);
    expect(summary).toMatchObject({
      name: 'BC',
      episodes: 5,
      unrated: 2,
      unratedByTask: { a: 1, c: 1 },
      agreement: 2 / 3,
      meanTurns: 6,
    });
    expect(summary.tasks.map(({ task }) => task)).toEqual(['a', 'b']);
    const [a, b] = summary.tasks;
    expect(a).toMatchObject({ episodes: 2, goalByPosition: [10, 7], agreement: 1, meanTurns: 7 });
    expect(a?.scores).toMatchObject({ goal: 8.5, believability: 8, social_rules: -1, overall: 19.5 / 7 });
    expect(a?.partnerScores['goal']).toBe(4.5);
    expect(b).toMatchObject({ episodes: 1, goalByPosition: [4, null], agreement: 0 });
  });

  it('never lets an unrated episode count as 0', () => {
    const without = summariseEvaluation(
      'BC',
      rows.filter(({ rated }) => rated !== null),
    );
    const { tasks, agreement, meanTurns } = summariseEvaluation('BC', rows);
    expect({ tasks, agreement, meanTurns }).toEqual({
      tasks: without.tasks,
      agreement: without.agreement,
      meanTurns: without.meanTurns,
    });
  });

  it('does not depend on the order of episodes', () => {
    const anyRow = fc
      .tuple(
        fc.constantFrom('a', 'b', 'c'),
        fc.constantFrom(0 as const, 1 as const),
        fc.nat(10),
        fc.nat(10),
        fc.nat(20),
      )
      .map(([task, position, own, partner, turns]) => row(task, position, own, partner, turns));
    const anyOrders = fc
      .array(anyRow, { minLength: 1 })
      .chain((given) =>
        fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
      );
    fc.assert(
      fc.property(anyOrders, ([given, shuffled]) => {
        expect(summariseEvaluation('x', shuffled)).toEqual(summariseEvaluation('x', given));
      }),
    );
  });

  it('refuses to summarise what nobody rated', () => {
    expect(() => summariseEvaluation('BC', [row('a', 0, null)])).toThrow(
      /None of the 1 episodes of BC is rated/,
    );
  });
});

describe('compareEvaluations', () => {
  const base = evaluation('base', { a: 3, b: 4, c: 5, d: 2 });
  const bc = evaluation('BC', { a: 5, b: 5, c: 8, d: 3 });
  const expert = evaluation('expert', { a: 9, b: 6, c: 6, d: 10 });

  it('gives the table in order, references last and marked, as the schema has it', () => {
    const results = compare([expert, bc, base]);
    expect(Results.parse(results)).toEqual(results);
    expect(results.simulated).toBe(true);
    expect(
      results.all.policies.map(({ policy, reference, tasks, episodes }) => [
        policy,
        reference,
        tasks,
        episodes,
      ]),
    ).toEqual([
      ['base', false, 4, 8],
      ['BC', false, 4, 8],
      ['expert', true, 4, 8],
    ]);
    expect(results.all.policies.map(({ metrics }) => metrics['goal']?.mean)).toEqual([3.5, 5.25, 7.75]);
    expect(results.all.policies[0]?.partnerGoal).toEqual({ mean: 5, low: 5, high: 5 });
  });

  it('pairs differences by task, for goal and overall', () => {
    const { comparisons } = compare([base, bc, expert]).all;
    expect(
      comparisons.map(({ metric, better, worse, tasks, difference }) => [
        metric,
        better,
        worse,
        tasks,
        difference,
      ]),
    ).toEqual([
      ['goal', 'BC', 'base', 4, 1.75],
      ['overall', 'BC', 'base', 4, expect.closeTo(0.25, 12)],
    ]);
    expect(comparisons[0]?.p).toBeCloseTo(pairedTTest([2, 1, 3, 1]), 12);
    expect(comparisons[0]).toMatchObject({ low: 1, high: expect.closeTo(2.5, 0.5) });
  });

  it('calls hard the share of tasks in which the expert reaches least', () => {
    const { hard } = compare([base, bc, expert]);
    expect(hard.tasks).toEqual(['b', 'c']);
    expect(hard.policies.map(({ policy, tasks, metrics }) => [policy, tasks, metrics['goal']?.mean])).toEqual(
      [
        ['base', 2, 4.5],
        ['BC', 2, 6.5],
        ['expert', 2, 6],
      ],
    );
    expect(hard.comparisons[0]).toMatchObject({ tasks: 2, difference: 2 });
  });

  it('breaks ties for hard by task id, and keeps at least one task', () => {
    expect(compare([base, bc, expert], { hardShare: 0.25 }).hard.tasks).toEqual(['b']);
    expect(compare([base, bc, expert], { hardShare: 0.01 }).hard.tasks).toEqual(['b']);
    expect(compare([base, bc, expert], { hardShare: 1 }).hard.tasks).toEqual(['a', 'b', 'c', 'd']);
  });

  it('leaves a task without a rating for one side out of the pair, and the count shows it', () => {
    const gaps = evaluation('BC', { a: 5, b: null, c: 8, d: null });
    const { all, hard } = compare([base, gaps, expert]);
    expect(all.policies[1]).toMatchObject({ tasks: 2, episodes: 8, unrated: 4 });
    expect(all.policies[1]?.metrics['goal']?.mean).toBe(6.5);
    expect(all.comparisons[0]).toMatchObject({ tasks: 2, difference: 2.5 });
    expect(hard.policies[1]).toMatchObject({ policy: 'BC', tasks: 1, episodes: 4, unrated: 2 });
    expect(hard.comparisons[0]).toMatchObject({ tasks: 1, difference: 3, p: 1 });
  });

  it('leaves a policy without any rating on the hard tasks out of the hard table', () => {
    const { hard } = compare([base, evaluation('BC', { a: 5, b: null, c: null, d: 3 }), expert]);
    expect(hard.policies.map(({ policy }) => policy)).toEqual(['base', 'expert']);
    expect(hard.comparisons).toEqual([]);
  });

  it('has no hard tasks without an expert to tell them', () => {
    expect(compare([base, bc], { references: [] }).hard).toEqual({
      tasks: [],
      policies: [],
      comparisons: [],
    });
  });

  it('gives equal results for equal seeds, whatever the order of evaluations', () => {
    expect(compare([base, bc, expert])).toEqual(compare([expert, base, bc]));
    expect(compare([base, bc, expert], { seed: 2 })).not.toEqual(compare([base, bc, expert]));
  });

  it('says which evaluation is missing', () => {
    expect(() => compare([base, expert])).toThrow('There is no evaluation of BC to compare.');
  });
});
