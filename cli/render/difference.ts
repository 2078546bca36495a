import type { Difference, ScoreDifference } from '../../audit/diff/compareCampaigns';
import type { RoundDifference, SetDifference } from '../../audit/diff/compareData';
import { ROUND } from '../../audit/diff/side';
import type { Page } from '../../audit/show/page';
import type { Interval } from '../../schemas/evaluation';
import { count, decimals, probability, signed } from './numbers';
import { shortened } from './shortened';

/** Flipped decisions that are listed. */
const LISTED = 20;

/** What differs between A and B as a page; what does not is said to be the same. */
export function differencePage({ a, b, settings, stages, rounds, models, scores }: Difference): Page {
  return {
    title: `A is ${a}, B is ${b}`,
    facts: [],
    sections: [
      {
        title: 'settings',
        lines: orSame(
          settings.map(
            ({ stage, path, from, to }) =>
              `${stage === '' ? 'the plan as a whole' : stage}: ${path}: ${shown(from)} → ${shown(to)}`,
          ),
        ),
      },
      {
        title: 'stages',
        lines: [
          ...(stages.same.length > 0 ? [`the same outputs: ${stages.same.join(', ')}`] : []),
          ...(stages.different.length > 0 ? [`other outputs: ${stages.different.join(', ')}`] : []),
          ...(stages.unfinished.length > 0 ? [`not finished in both: ${stages.unfinished.join(', ')}`] : []),
        ],
      },
      ...rounds.map(roundSection),
      {
        title: 'models as they answered',
        lines: [
          ...models.onlyA.map(({ model, snapshot }) => `only in A: ${model} (${snapshot})`),
          ...models.onlyB.map(({ model, snapshot }) => `only in B: ${model} (${snapshot})`),
          `the same in both: ${models.both.map(({ model, snapshot }) => `${model} (${snapshot})`).join(', ') || 'none'}`,
        ],
      },
      { title: 'scores, with 95 % intervals', lines: scores.map(scoreLine) },
    ],
  };
}

const orSame = (lines: string[]): string[] => (lines.length === 0 ? ['the same'] : lines);
const shown = (value: string | null): string => (value === null ? 'nothing' : shortened(value));

function roundSection({ round, tasks, episodes, decisions, flipped, rows }: RoundDifference) {
  return {
    title: `data of ${round === ROUND ? 'the rounds' : round}`,
    lines: [
      `tasks: ${setText(tasks)}`,
      `episodes: ${setText(episodes)}`,
      `decisions: ${setText(decisions)}; ${flipped.length === 0 ? 'none flipped' : `${count(flipped.length)} flipped`}`,
      ...flipped
        .slice(0, LISTED)
        .map(({ episode, position, a, b }) => `  ${episode}/${position}: ${verdict(a)} → ${verdict(b)}`),
      ...(flipped.length > LISTED ? [`  … and ${count(flipped.length - LISTED)} more; --json has all`] : []),
      `training rows: ${setText(rows)}`,
    ],
  };
}

const verdict = ({ keep, reason }: { keep: boolean; reason: string }): string =>
  `${keep ? 'kept' : 'dropped'} (${reason})`;

function setText({ same, changed, onlyA, onlyB, examples }: SetDifference): string {
  if (changed + onlyA + onlyB === 0) return `the same ${count(same)}`;
  const parts: [number, string, string[]][] = [
    [same, 'the same', []],
    [changed, 'changed', examples.changed],
    [onlyA, 'only in A', examples.onlyA],
    [onlyB, 'only in B', examples.onlyB],
  ];
  return parts
    .filter(([number]) => number > 0)
    .map(
      ([number, what, some]) => `${count(number)} ${what}${some.length > 0 ? ` (such as ${some[0]})` : ''}`,
    )
    .join(', ');
}

function scoreLine({ policy, metric, a, b, tested }: ScoreDifference): string {
  const both = `${policy}, ${metric}: ${interval(a)} → ${interval(b)}`;
  if (!a || !b) return both;
  if (a.mean === b.mean && a.low === b.low && a.high === b.high)
    return `${policy}, ${metric}: the same ${interval(a)}`;
  if (!tested) return `${both}, difference ${signed(b.mean - a.mean)}`;
  const { difference, low, high, p } = tested;
  return `${both}, difference ${signed(difference)} [${signed(low)}, ${signed(high)}], p ${probability(p)}`;
}

const interval = (one: Interval | null): string =>
  one === null ? 'none' : `${decimals(one.mean)} [${decimals(one.low)}, ${decimals(one.high)}]`;
