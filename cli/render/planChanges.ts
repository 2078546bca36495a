import type { PlanComparison } from '../../domain/plan/comparePlans';
import type { StageProgress } from '../../workflows/messages';

/** Longer values are cut: where they differ is told by the path. */
const LONGEST_VALUE = 60;

/** The differences between two plans, stage by stage, with where each stage is and whether its result changes. */
export function renderChanges(
  { changes, redefined }: PlanComparison,
  progress: readonly Pick<StageProgress, 'id' | 'state'>[],
): string {
  const states = new Map(progress.map(({ id, state }) => [id, state]));
  const titleOf = (stage: string): string => {
    if (stage === '') return 'the plan as a whole';
    return `${stage} (${states.get(stage) ?? 'new'}${redefined.includes(stage) ? ', its result changes' : ''})`;
  };
  const stages = [...new Set(changes.map(({ stage }) => stage))];
  return stages
    .flatMap((stage) => [
      titleOf(stage),
      ...changes
        .filter((change) => change.stage === stage)
        .map(({ path, from, to }) => `  ${path}: ${shown(from)} → ${shown(to)}`),
    ])
    .join('\n');
}

function shown(value: string | null): string {
  if (value === null) return 'nothing';
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
}
