import type { FinishedStage } from '../workflows/messages';

/** The chain of stages, each needing the one before, whose own work takes longest. */
export function criticalPath(stages: readonly FinishedStage[]): { seconds: number; stages: string[] } {
  const longest = new Map<string, { seconds: number; stages: string[] }>();
  for (const stage of stages) {
    const before = stage.after.map((id) => longest.get(id)).filter((chain) => chain !== undefined);
    const slowest = before.reduce((best, chain) => (chain.seconds > best.seconds ? chain : best), {
      seconds: 0,
      stages: [] as string[],
    });
    longest.set(stage.id, {
      seconds: slowest.seconds + stage.seconds,
      stages: [...slowest.stages, stage.id],
    });
  }
  return [...longest.values()].reduce((best, chain) => (chain.seconds > best.seconds ? chain : best), {
    seconds: 0,
    stages: [],
  });
}
