import {
  METRICS,
  type Comparison,
  type Evaluation,
  type PolicyScores,
  type Results,
} from '../../schemas/evaluation';
import { seedOf } from '../random';
import { bootstrapMeans } from './bootstrap';
import { hardTasks, restrictedTo } from './hardTasks';
import { pairedTTest } from './pairedTTest';

/** The reference by which tasks are called hard. */
const EXPERT = 'expert';

/** Metrics whose differences are tested; testing all eight would call one in twenty a finding by chance. */
const COMPARED_METRICS = ['goal', 'overall'] as const;

export interface Comparing {
  /** One for each name in `policies` and `references`. */
  evaluations: readonly Evaluation[];
  /** In the order of the table. */
  policies: readonly string[];
  references: readonly string[];
  /** (better, worse) by expectation: the difference reported is the first minus the second. */
  pairs: readonly (readonly [string, string])[];
  /** Share of the tasks, 0 … 1, that counts as hard. */
  hardShare: number;
  bootstrapSamples: number;
  seed: number;
  simulated: boolean;
}

type Settings = Pick<Comparing, 'references' | 'pairs' | 'bootstrapSamples' | 'seed'>;

/**
 * The campaign's result table: means per task with bootstrap intervals over tasks, and differences paired by task, on
 * all held-out tasks and on those in which the expert reaches least. Without an expert the hard part is empty.
 * A policy without a rated episode on the hard tasks is left out there.
 */
export function compareEvaluations({
  evaluations,
  policies,
  hardShare,
  simulated,
  ...settings
}: Comparing): Results {
  const named = new Map(evaluations.map((evaluation) => [evaluation.name, evaluation]));
  const table = [...policies, ...settings.references].map((name) => {
    const evaluation = named.get(name);
    if (!evaluation) throw new RangeError(`There is no evaluation of ${name} to compare.`);
    return evaluation;
  });
  const expert = settings.references.includes(EXPERT) ? named.get(EXPERT) : undefined;
  const hard = expert ? hardTasks(expert, hardShare) : [];
  const onHard = table.flatMap((evaluation) => restrictedTo(new Set(hard), evaluation) ?? []);
  return {
    simulated,
    all: part('all', table, settings),
    hard: { tasks: hard, ...part('hard', onHard, settings) },
  };
}

function part(subset: 'all' | 'hard', evaluations: readonly Evaluation[], settings: Settings) {
  const named = new Map(evaluations.map((evaluation) => [evaluation.name, evaluation]));
  return {
    policies: evaluations.map((evaluation) => policyScores(subset, evaluation, settings)),
    comparisons: COMPARED_METRICS.flatMap((metric) =>
      settings.pairs.flatMap(([first, second]) => {
        const [better, worse] = [named.get(first), named.get(second)];
        return better && worse ? comparison(subset, metric, better, worse, settings) : [];
      }),
    ),
  };
}

function policyScores(subset: string, evaluation: Evaluation, settings: Settings): PolicyScores {
  const { name, tasks, episodes, unrated, agreement, meanTurns } = evaluation;
  const series = [
    ...METRICS.map((metric) => tasks.map(({ scores }) => scoreOf(scores, metric))),
    tasks.map(({ partnerScores }) => scoreOf(partnerScores, 'goal')),
  ];
  const seed = seedOf(settings.seed, 'scores', subset, name);
  const intervals = bootstrapMeans(series, settings.bootstrapSamples, seed);
  const interval = (index: number) => intervals[index] as (typeof intervals)[number];
  return {
    policy: name,
    reference: settings.references.includes(name),
    tasks: tasks.length,
    episodes,
    unrated,
    agreement,
    meanTurns,
    metrics: Object.fromEntries(METRICS.map((metric, index) => [metric, interval(index)])),
    partnerGoal: interval(METRICS.length),
  };
}

/** Over the tasks that both have rated episodes of; none when there is no such task. */
function comparison(
  subset: string,
  metric: (typeof COMPARED_METRICS)[number],
  better: Evaluation,
  worse: Evaluation,
  settings: Settings,
): Comparison[] {
  const other = new Map(worse.tasks.map(({ task, scores }) => [task, scores]));
  const differences = better.tasks.flatMap(({ task, scores }) => {
    const against = other.get(task);
    return against ? [scoreOf(scores, metric) - scoreOf(against, metric)] : [];
  });
  if (differences.length === 0) return [];
  const seed = seedOf(settings.seed, 'difference', subset, metric, better.name, worse.name);
  const [interval] = bootstrapMeans([differences], settings.bootstrapSamples, seed);
  if (!interval) return [];
  return [
    {
      better: better.name,
      worse: worse.name,
      metric,
      tasks: differences.length,
      difference: interval.mean,
      low: interval.low,
      high: interval.high,
      p: pairedTTest(differences),
    },
  ];
}

function scoreOf(scores: Readonly<Record<string, number>>, metric: string): number {
  const score = scores[metric];
  if (score === undefined) throw new RangeError(`An evaluation lacks the metric ${metric}.`);
  return score;
}
