import { resultKey } from '../../artifacts/documentKeys';
import { digestOfJson } from '../../artifacts/canonicalJson';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { definitionOf } from '../../domain/plan/comparePlans';
import { stageKeyMaterial } from '../../domain/plan/stageKey';
import { isWithinLimits } from '../../domain/plan/withinLimits';
import { type Plan, type Stage, StageResult } from '../../schemas/plan';
import type { Parent } from './parent';

export interface StageForecast {
  stage: string;
  reused: boolean;
  /** Why it is made anew; empty for one that is reused. */
  why: string;
  /** Saved where it is reused: what it took when it was made. */
  seconds: number;
  /** Of models: saved, or expected by the plan's estimate. */
  calls: number;
}

export interface Forecast {
  stages: StageForecast[];
  saved: { seconds: number; calls: number };
}

/**
 * What a plan would find in the store, by the same keys that the workflow asks for. A stage behind a changed one counts
 * as made anew, though it is reused where the change turns out to make the same bytes.
 */
export async function forecast(store: ArtifactStore, plan: Plan, parent: Parent): Promise<Forecast> {
  const results = new Map<string, StageResult>();
  const stages: StageForecast[] = [];
  for (const stage of plan.stages) {
    const result = await resultOf(store, stage, results, parent.trainers);
    if (result) results.set(stage.id, result);
    stages.push({
      stage: stage.id,
      reused: result !== null,
      why: result ? '' : whyAnew(stage, results, parent),
      seconds: result?.seconds ?? 0,
      calls: result?.cost.calls ?? stage.estimate.calls,
    });
  }
  // Stages that share a key were made once.
  const reused = [...new Map([...results.values()].map((result) => [result.key, result])).values()];
  return {
    stages,
    saved: {
      seconds: reused.reduce((sum, { seconds }) => sum + seconds, 0),
      calls: reused.reduce((sum, { cost }) => sum + cost.calls, 0),
    },
  };
}

async function resultOf(
  store: ArtifactStore,
  { kind, parameters, inputs }: Stage,
  results: ReadonlyMap<string, StageResult>,
  trainers: readonly string[],
): Promise<StageResult | null> {
  const digests: Record<string, string> = {};
  for (const [role, { stage, output }] of Object.entries(inputs)) {
    const digest = results.get(stage)?.outputs[output]?.digest.sha256;
    if (digest === undefined) return null;
    digests[role] = digest;
  }
  for (const trainer of kind === 'trainPolicy' ? trainers : ['']) {
    const key = digestOfJson(stageKeyMaterial(kind, parameters, digests, trainer));
    const result = await store.getDocument(resultKey(key), StageResult);
    if (result && isWithinLimits(result, parameters)) return result;
  }
  return null;
}

function whyAnew(stage: Stage, results: ReadonlyMap<string, StageResult>, parent: Parent): string {
  const before = parent.plan.stages.find(({ id }) => id === stage.id);
  if (!before) return 'is new';
  if (definitionOf(before) !== definitionOf(stage)) return 'is changed';
  const missing = [...new Set(Object.values(stage.inputs).map((input) => input.stage))].filter(
    (id) => !results.has(id),
  );
  if (missing.length > 0) return `follows ${missing.join(', ')}`;
  return `was not finished by "${parent.campaign}", or by code that made it otherwise`;
}
