import fc from 'fast-check';
import { parse } from 'yaml';
import { approximately, decimals, probability, signed } from '../../cli/render/numbers';
import { renderPlan } from '../../cli/render/planTable';
import { renderResults } from '../../cli/render/resultsTable';
import { wrap } from '../../cli/render/textTable';
import { fileReferences, pathText } from '../../domain/campaign';
import { planCampaign } from '../../domain/plan/planCampaign';
import { totalEstimate } from '../../domain/plan/estimate';
import { CampaignSpec } from '../../schemas/campaign';
import type { Comparison, PolicyScores, Results } from '../../schemas/evaluation';
import { CAMPAIGN } from './campaignFixtures';

const spec = CampaignSpec.parse(parse(CAMPAIGN, { merge: true }));
const file = { name: 'f', uri: 'f', digest: { sha256: 'a'.repeat(64) }, mediaType: 'text/plain', bytes: 1 };
const plan = planCampaign(
  'demo',
  spec,
  Object.fromEntries(fileReferences(spec).map(({ path }) => [pathText(path), file])),
);
const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('renderPlan', () => {
  it.each([80, 100, 110, 200])(
    'at %i columns names each stage once, in order, with kind, queue and inputs',
    (width) => {
      const text = renderPlan(plan, width);
      expect(widest(text)).toBeLessThanOrEqual(width);
      const lines = text.split('\n');
      const places = plan.stages.map(({ id, kind, queue }) =>
        lines.findIndex(
          (line) => line.startsWith(`${id} `) && line.includes(` ${kind} `) && line.includes(` ${queue} `),
        ),
      );
      expect(places.every((place, index) => place > (places[index - 1] ?? 0))).toBe(true);
      const words = text.split(/[\s,]+/);
      for (const { inputs } of plan.stages) {
        for (const { stage } of Object.values(inputs)) expect(words).toContain(stage);
      }
      expect(text).toBe(text.replace(/ +$/gm, ''));
    },
  );

  it('tells what somebody is asked before which stage', () => {
    const stages = plan.stages.map((one) =>
      one.id === 'BC/train' ? { ...one, gate: 'Fit to learn?' } : one,
    );
    expect(renderPlan(plan, 100)).not.toContain('asked');
    expect(renderPlan({ ...plan, stages }, 100)).toContain(
      '\nBefore BC/train starts, somebody is asked: "Fit to learn?"',
    );
  });

  it('sums what the stages are expected to take, and says when models are simulated', () => {
    const text = renderPlan(plan, 110);
    const { episodes, calls } = totalEstimate(plan);
    const grouped = (value: number) => value.toLocaleString('en-US');
    expect(text).toMatch(new RegExp(`^in all +${grouped(episodes)} +${grouped(calls)} `, 'm'));
    expect(text).toContain('19 stages, with simulated models');
    expect(renderPlan({ ...plan, simulated: false }, 110)).not.toContain('simulated');
  });
});

const interval = (mean: number) => ({ mean, low: mean - 0.25, high: mean + 0.3 });
const policy = (name: string, goal: number, others: Partial<PolicyScores> = {}): PolicyScores => ({
  policy: name,
  reference: false,
  tasks: 60,
  episodes: 1240,
  unrated: 0,
  agreement: 0.615,
  meanTurns: 5.25,
  metrics: { goal: interval(goal), overall: interval(goal / 2 - 2) },
  partnerGoal: interval(6),
  ...others,
});
const comparison = (p: number, difference: number): Comparison => ({
  better: 'BC',
  worse: 'base',
  metric: 'goal',
  tasks: 59,
  difference,
  low: difference - 0.5,
  high: difference + 0.5,
  p,
});
const results: Results = {
  simulated: true,
  all: {
    policies: [
      policy('base', 3),
      policy('BC', 4.5, { unrated: 3 }),
      policy('expert', 9.5, { reference: true }),
    ],
    comparisons: [comparison(0.00004, 1.5), comparison(0.0416, -0.001)],
  },
  hard: { tasks: ['a', 'b'], policies: [policy('base', 2, { tasks: 2, episodes: 8 })], comparisons: [] },
};

describe('renderResults', () => {
  it('shows each policy with intervals, agreement and unrated, the differences with p, and the hard subset', () => {
    expect(renderResults(results, { collected: 3000, unrated: 2, kept: 812 }, 80)).toBe(
      `Results on 60 tasks held out from training
Made with simulated models: programs played expert, partner, judge or author.

policy    goal                overall               agreement  episodes  unrated
base       3.00 [2.75, 3.30]  -0.50 [-0.75, -0.20]       62 %     1,240        0
BC         4.50 [4.25, 4.80]   0.25 [0.00, 0.55]         62 %     1,240        3
(expert)   9.50 [9.25, 9.80]   2.75 [2.50, 3.05]         62 %     1,240        0

difference  in    mean and 95 % interval        p  tasks
BC − base   goal   +1.50 [+1.00, +2.00]   < 0.001     59
BC − base   goal    0.00 [-0.50, +0.50]     0.042     59

Hard subset: 2 tasks in which the expert reaches the lowest goal

policy  goal                overall               agreement  episodes  unrated
base     2.00 [1.75, 2.30]  -1.00 [-1.25, -0.70]       62 %         8        0

Means over tasks with 95 % intervals (bootstrap over tasks); p by paired t-test over tasks.
3,000 episodes collected for training, 2 of them unrated, 812 sides kept by the filters.`,
    );
  });

  it('has room for the partner, turns and tasks on a wide terminal', () => {
    expect(renderResults(results, {}, 110)).toMatch(
      /agreement {2}partner's goal {2}turns {2}tasks {2}episodes {2}unrated/,
    );
  });

  it('calls results simulated only when they are, and says nothing of a hard subset that is not there', () => {
    const text = renderResults(
      { ...results, simulated: false, hard: { tasks: [], policies: [], comparisons: [] } },
      {},
      100,
    );
    expect(text).not.toMatch(/simulated|Hard|collected/);
  });
});

describe('numbers', () => {
  it('are short and never a negative nothing', () => {
    expect([950, 9999, 10_000, 295_440, 4_100_000, 2.5e9].map(approximately)).toEqual([
      '950',
      '9,999',
      '10.0 k',
      '295 k',
      '4.1 M',
      '2.5 G',
    ]);
    expect([decimals(-0.001), decimals(-0.006), signed(-0.001), signed(0.006)]).toEqual([
      '0.00',
      '-0.01',
      '0.00',
      '+0.01',
    ]);
    expect([1, 0.05, 0.001, 0.00099, 0].map(probability)).toEqual([
      '1.000',
      '0.050',
      '0.001',
      '< 0.001',
      '< 0.001',
    ]);
  });

  it('wrap keeps all words in order and lines within the width', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 }),
        fc.integer({ min: 8, max: 40 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width);
          expect(lines.join(' ').split(' ')).toEqual(words);
          expect(lines.every((line) => line.length <= width)).toBe(true);
        },
      ),
    );
  });
});
