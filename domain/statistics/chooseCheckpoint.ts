import type { Evaluation } from '../../schemas/evaluation';

/** The first of the best: a later one is preferred only when it beats it by more than the minimum gain. */
export function bestOf<T extends { goal: number }>(scored: readonly T[], minimumGain: number): T | undefined {
  const [first, ...later] = scored;
  if (!first) return undefined;
  return later.reduce((best, next) => (next.goal > best.goal + minimumGain ? next : best), first);
}

/** Mean over the tasks of the contestant's goal. */
export const meanGoal = ({ tasks }: Evaluation): number =>
  tasks.reduce((sum, task) => sum + (task.scores['goal'] ?? 0), 0) / Math.max(1, tasks.length);
