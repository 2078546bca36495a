import type { Stage } from '../../schemas/plan';

/**
 * How many stages the longest chain has that waits for a stage: what is on the critical path has most behind it. Calls
 * of such a stage come first where a campaign's calls wait for a limit of a provider.
 */
export function stagesBehind(stages: readonly Pick<Stage, 'id' | 'inputs'>[], id: string): number {
  const behind = new Map<string, number>();
  // A plan has each stage after its inputs.
  for (const stage of stages.toReversed()) {
    const own = behind.get(stage.id) ?? 0;
    for (const input of Object.values(stage.inputs))
      behind.set(input.stage, Math.max(behind.get(input.stage) ?? 0, own + 1));
  }
  return behind.get(id) ?? 0;
}
