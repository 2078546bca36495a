import type { Evaluation } from '../../schemas/evaluation';

/**
 * The hard subset: the share of the tasks in which the expert reaches the lowest goal, ties by task id.
 * Rounded to the nearest and at least one; tasks in which no episode of the expert is rated have no place in the order.
 * @returns ids, sorted.
 */
export function hardTasks(expert: Evaluation, share: number): string[] {
  const goalOf = (task: Evaluation['tasks'][number]) => task.scores['goal'] ?? Infinity;
  const count = Math.max(1, Math.round(share * expert.tasks.length));
  return [...expert.tasks]
    .sort((a, b) => goalOf(a) - goalOf(b) || (a.task < b.task ? -1 : 1))
    .slice(0, count)
    .map(({ task }) => task)
    .sort();
}

/** The same evaluation, as if only these tasks had been played; null when none of them is rated. */
export function restrictedTo(tasks: ReadonlySet<string>, evaluation: Evaluation): Evaluation | null {
  const kept = evaluation.tasks.filter(({ task }) => tasks.has(task));
  const rated = kept.reduce((sum, task) => sum + task.episodes, 0);
  if (rated === 0) return null;
  const unratedByTask = Object.fromEntries(
    Object.entries(evaluation.unratedByTask).filter(([task]) => tasks.has(task)),
  );
  const unrated = Object.values(unratedByTask).reduce((sum, count) => sum + count, 0);
  const perEpisode = (value: 'agreement' | 'meanTurns') =>
    kept.reduce((sum, task) => sum + task[value] * task.episodes, 0) / rated;
  return {
    name: evaluation.name,
    tasks: kept,
    episodes: rated + unrated,
    unrated,
    unratedByTask,
    agreement: perEpisode('agreement'),
    meanTurns: perEpisode('meanTurns'),
  };
}
