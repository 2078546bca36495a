import type { Comparison, Interval, PolicyScores, Results } from '../../schemas/evaluation';
import { count, decimals, percent, probability, signed } from './numbers';
import { type Column, tableWidth, terminalWidth, textTable } from './textTable';

/** Sums over a campaign's rounds; what is not known is left out. */
export interface CollectionCounts {
  /** Episodes played for training. */
  collected?: number;
  /** Of these, the ones without a rating. */
  unrated?: number;
  /** Sides of episodes that the filters kept. */
  kept?: number;
}

/**
 * The result table: scores with 95 % intervals and paired differences with p, over all held-out tasks and over the hard
 * ones.
 * @param width characters a line; columns that a reader can spare give way.
 */
export function renderResults(
  { simulated, all, hard }: Results,
  counts: CollectionCounts,
  width: number = terminalWidth(),
): string {
  const held = Math.max(0, ...all.policies.map(({ tasks }) => tasks));
  return [
    `Results on ${tasksText(held)} held out from training`,
    ...(simulated ? ['Made with simulated models: programs played expert, partner, judge or author.'] : []),
    ...part(all.policies, all.comparisons, width),
    ...(hard.policies.length === 0
      ? []
      : [
          '',
          `Hard subset: ${tasksText(hard.tasks.length)} in which the expert reaches the lowest goal`,
          ...part(hard.policies, hard.comparisons, width),
        ]),
    '',
    'Means over tasks with 95 % intervals (bootstrap over tasks); p by paired t-test over tasks.',
    ...collectionLine(counts),
  ].join('\n');
}

const tasksText = (tasks: number): string => `${count(tasks)} ${tasks === 1 ? 'task' : 'tasks'}`;

const part = (
  policies: readonly PolicyScores[],
  comparisons: readonly Comparison[],
  width: number,
): string[] => [
  '',
  ...scoresTable(policies, width),
  ...(comparisons.length === 0 ? [] : ['', ...differencesTable(comparisons)]),
];

interface ScoreColumn extends Column {
  cell: (scores: PolicyScores) => string;
  /** The higher, the sooner it gives way on a narrow terminal. */
  spare?: number;
}

const SCORE_COLUMNS: readonly ScoreColumn[] = [
  { title: 'policy', align: 'left', cell: ({ policy, reference }) => (reference ? `(${policy})` : policy) },
  { title: 'goal', align: 'left', cell: ({ metrics }) => intervalText(metrics['goal']) },
  { title: 'overall', align: 'left', cell: ({ metrics }) => intervalText(metrics['overall']) },
  { title: 'agreement', align: 'right', cell: ({ agreement }) => percent(agreement) },
  {
    title: "partner's goal",
    align: 'right',
    spare: 3,
    cell: ({ partnerGoal }) => decimals(partnerGoal.mean),
  },
  { title: 'turns', align: 'right', spare: 4, cell: ({ meanTurns }) => meanTurns.toFixed(1) },
  { title: 'tasks', align: 'right', spare: 2, cell: ({ tasks }) => count(tasks) },
  { title: 'episodes', align: 'right', spare: 1, cell: ({ episodes }) => count(episodes) },
  { title: 'unrated', align: 'right', cell: ({ unrated }) => count(unrated) },
];

function scoresTable(policies: readonly PolicyScores[], width: number): string[] {
  let columns = [...SCORE_COLUMNS];
  const rowsOf = () => policies.map((scores) => columns.map(({ cell }) => cell(scores)));
  while (tableWidth(columns, rowsOf()) > width) {
    const sparest = Math.max(...columns.map(({ spare = 0 }) => spare));
    if (sparest === 0) break;
    columns = columns.filter(({ spare = 0 }) => spare !== sparest);
  }
  return textTable(columns, rowsOf());
}

const DIFFERENCE_COLUMNS: readonly Column[] = [
  { title: 'difference', align: 'left' },
  { title: 'in', align: 'left' },
  { title: 'mean and 95 % interval', align: 'left' },
  { title: 'p', align: 'right' },
  { title: 'tasks', align: 'right' },
];

const differencesTable = (comparisons: readonly Comparison[]): string[] =>
  textTable(
    DIFFERENCE_COLUMNS,
    comparisons.map(({ better, worse, metric, difference, low, high, p, tasks }) => [
      `${better} − ${worse}`,
      metric,
      `${signed(difference).padStart(6)} [${signed(low)}, ${signed(high)}]`,
      probability(p),
      count(tasks),
    ]),
  );

const intervalText = (interval: Interval | undefined): string =>
  interval === undefined
    ? ''
    : `${decimals(interval.mean).padStart(5)} [${decimals(interval.low)}, ${decimals(interval.high)}]`;

function collectionLine({ collected, unrated, kept }: CollectionCounts): string[] {
  const parts = [
    ...(collected === undefined ? [] : [`${count(collected)} episodes collected for training`]),
    ...(unrated === undefined ? [] : [`${count(unrated)} of them unrated`]),
    ...(kept === undefined ? [] : [`${count(kept)} sides kept by the filters`]),
  ];
  return parts.length === 0 ? [] : [`${parts.join(', ')}.`];
}
