import type { Position } from '../../schemas/episode';
import { METRICS, type Evaluation } from '../../schemas/evaluation';
import { DIMENSIONS, type Scores } from '../../schemas/scores';
import { mean } from './mean';

/** One episode of an evaluation, from the contestant's side. */
export interface EvaluationRow {
  task: string;
  /** The position that the contestant played. */
  position: Position;
  /** Null when the judge gave no rating. */
  rated: { own: Scores; partner: Scores } | null;
  turns: number;
}

type RatedRow = EvaluationRow & { rated: { own: Scores; partner: Scores } };
type TaskSummary = Evaluation['tasks'][number];

/**
 * What a contestant reached per task: means over the task's rated episodes. The order of rows does not matter.
 * Throws RangeError when no episode is rated: there is nothing to summarise, and 0 would be a lie.
 */
export function summariseEvaluation(name: string, rows: readonly EvaluationRow[]): Evaluation {
  const rated = rows.filter(isRated);
  if (rated.length === 0) {
    throw new RangeError(
      `None of the ${rows.length} episodes of ${name} is rated: there is no score to report.`,
    );
  }
  return {
    name,
    tasks: [...byTask(rated)]
      .map(([task, episodes]) => taskSummary(task, episodes))
      .sort((a, b) => (a.task < b.task ? -1 : 1)),
    episodes: rows.length,
    unrated: rows.length - rated.length,
    unratedByTask: Object.fromEntries(
      [...byTask(rows.filter((row) => !isRated(row)))].map(([task, episodes]) => [task, episodes.length]),
    ),
    ...conduct(rated),
  };
}

function taskSummary(task: string, rows: readonly RatedRow[]): TaskSummary {
  return {
    task,
    episodes: rows.length,
    scores: meanScores(rows.map(({ rated }) => rated.own)),
    partnerScores: meanScores(rows.map(({ rated }) => rated.partner)),
    goalByPosition: [meanGoalAt(0, rows), meanGoalAt(1, rows)],
    ...conduct(rows),
  };
}

function conduct(rows: readonly RatedRow[]): { agreement: number; meanTurns: number } {
  return {
    agreement: mean(rows.map(({ rated }) => (rated.own.goal > 0 && rated.partner.goal > 0 ? 1 : 0))),
    meanTurns: mean(rows.map(({ turns }) => turns)),
  };
}

/** Scores are integers, so their sums are exact and the means do not depend on the order of episodes. */
function meanScores(scores: readonly Scores[]): Record<string, number> {
  const sums = DIMENSIONS.map((dimension) => scores.reduce((sum, score) => sum + score[dimension], 0));
  const total = sums.reduce((sum, value) => sum + value, 0);
  const means = [...sums.map((sum) => sum / scores.length), total / (scores.length * DIMENSIONS.length)];
  return Object.fromEntries(METRICS.map((metric, index) => [metric, means[index] as number]));
}

function meanGoalAt(position: Position, rows: readonly RatedRow[]): number | null {
  const goals = rows.filter((row) => row.position === position).map(({ rated }) => rated.own.goal);
  return goals.length === 0 ? null : mean(goals);
}

const isRated = (row: EvaluationRow): row is RatedRow => row.rated !== null;

function byTask<Row extends EvaluationRow>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.task);
    if (group) group.push(row);
    else groups.set(row.task, [row]);
  }
  return groups;
}
