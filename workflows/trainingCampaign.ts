import { CancellationScope, isCancellation, setHandler } from '@temporalio/workflow';
import type { PlanOutline } from '../activities/stages';
import type { ArtifactRef } from '../schemas/artifact';
import type { StageResult } from '../schemas/plan';
import { general } from './activityProxies';
import {
  type CampaignResult,
  campaignProgress,
  type FinishedStage,
  type StageProgress,
  type TrainingCampaignInput,
} from './messages';
import { StageRunner } from './stageRunner';

type OutlinedStage = PlanOutline['stages'][number];

/** The last stage of every plan. */
const RESULTS = 'results';

/**
 * Runs a campaign's plan: each stage as soon as its inputs are there, independent ones side by side. The first stage
 * that fails for good ends the campaign, after the others have been cancelled and have cleaned up; what was finished
 * is kept and is not computed again.
 */
export async function trainingCampaign(input: TrainingCampaignInput): Promise<CampaignResult> {
  const startedAt = new Date().toISOString();
  const progress = new Map<string, StageProgress>();
  setHandler(campaignProgress, () => ({
    campaign: input.campaign,
    startedAt,
    stages: [...progress.values()],
  }));

  const { stages, episodesInFlight } = await general.loadPlan(input);
  for (const stage of stages) progress.set(stage.id, waiting(stage));
  const runner = new StageRunner(input, episodesInFlight);
  const results = await runAll(
    stages,
    (stage, inputs) => runner.run(stage, inputs, progressOf(progress, stage.id)),
    progress,
  );

  const finished = stages.map((stage) =>
    describe(stage, results.get(stage.id), progressOf(progress, stage.id)),
  );
  const table = results.get(RESULTS)?.outputs['results'];
  if (!table) throw new Error('the plan has no stage that compares evaluations');
  const result: CampaignResult = { ...input, results: table, stages: finished };
  await general.recordCampaign(result);
  return result;
}

type RunStage = (stage: OutlinedStage, inputs: Record<string, ArtifactRef>) => Promise<StageResult>;

async function runAll(stages: OutlinedStage[], run: RunStage, progress: Map<string, StageProgress>) {
  const scope = new CancellationScope({ cancellable: true });
  const running = new Map<string, Promise<StageResult>>();
  const runAfterInputs = async (stage: OutlinedStage): Promise<StageResult> => {
    const inputs = Object.entries(stage.inputs).map(async ([role, { stage: from, output }]) => {
      const artifact = (await running.get(from))?.outputs[output];
      if (!artifact)
        throw new Error(`stage ${stage.id} asks for ${output} of ${from}, which it does not make`);
      return [role, artifact] as const;
    });
    const ready = Object.fromEntries(await Promise.all(inputs));
    try {
      return await run(stage, ready);
    } catch (error) {
      progressOf(progress, stage.id).state = isCancellation(error) ? 'stopped' : 'failed';
      throw error;
    }
  };
  return scope.run(async () => {
    for (const stage of stages) running.set(stage.id, runAfterInputs(stage));
    try {
      await Promise.all(running.values());
    } catch (error) {
      scope.cancel();
      await CancellationScope.nonCancellable(() => Promise.allSettled(running.values()));
      throw error;
    }
    const results = new Map<string, StageResult>();
    for (const [id, result] of running) results.set(id, await result);
    return results;
  });
}

const waiting = ({ id, kind, episodes }: OutlinedStage): StageProgress => ({
  id,
  kind,
  state: 'waiting',
  startedAt: null,
  finishedAt: null,
  episodes: { finished: 0, planned: episodes },
  counts: {},
  key: null,
});

function progressOf(progress: Map<string, StageProgress>, id: string): StageProgress {
  const found = progress.get(id);
  if (!found) throw new Error(`no stage ${id}`);
  return found;
}

function describe(
  stage: OutlinedStage,
  result: StageResult | undefined,
  { state }: StageProgress,
): FinishedStage {
  if (!result) throw new Error(`stage ${stage.id} has no result`);
  const { key, seconds, outputs, counts, cost } = result;
  const after = [...new Set(Object.values(stage.inputs).map((input) => input.stage))];
  return { id: stage.id, key, seconds, reused: state === 'reused', after, outputs, counts, cost };
}
