import {
  CancellationScope,
  condition,
  ContinueAsNew,
  isCancellation,
  makeContinueAsNewFunc,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import type { PlanOutline } from '../activities/stages';
import type { StageResult } from '../schemas/plan';
import { general } from './activityProxies';
import { archiveRunBefore, archiveThisRun } from './campaignArchive';
import { CampaignState } from './campaignState';
import type {
  CampaignResult,
  CarriedState,
  FinishedStage,
  StageProgress,
  TrainingCampaignInput,
} from './messages';
import { PlanRun } from './planRun';
import { Steering } from './steering';
import { stopBatches } from './stopBatches';

type OutlinedStage = PlanOutline['stages'][number];

/** The last stage of every plan. */
const RESULTS = 'results';

/**
 * Runs a campaign's plan to its end. A stage that cannot go on is parked; once nothing runs any more, the campaign
 * continues as a new run that does nothing but wait, and then as another one that works. So waiting costs nothing, and
 * the code may be changed meanwhile: what comes after is decided by the code of that day, from what the store holds.
 */
export async function trainingCampaign(input: TrainingCampaignInput): Promise<CampaignResult> {
  const state = new CampaignState(input);
  const steering = new Steering(state);
  const { carried, plan, parent = null } = input;
  if (!carried) state.log.add({ kind: 'campaign-started', plan, parent });
  const archived = archiveRunBefore(state.log);
  try {
    return await (carried?.quiet
      ? wait(state, carried, steering, archived)
      : work(state, steering, archived));
  } catch (error) {
    if (!(error instanceof ContinueAsNew)) await logEnd(state, error);
    throw error;
  }
}

/** Where versions of workers are told apart, a working run stays with its own and a waiting one goes with the newest. */
setWorkflowOptions(() => {
  const { currentDeploymentVersion: versioned, memo } = workflowInfo();
  if (!versioned?.deploymentName) return {};
  return { versioningBehavior: memo?.['waiting'] ? 'AUTO_UPGRADE' : 'PINNED' };
}, trainingCampaign);

async function work(
  state: CampaignState,
  steering: Steering,
  archived: Promise<void>,
): Promise<CampaignResult> {
  const { plan } = state;
  const outline = await general.loadPlan({ plan });
  state.follow(outline);
  const run = new PlanRun(state, outline);
  const results = await run.run();
  await archived;
  await steering.finished();
  if (!results) return goOnAsNewRun(state, run.hasNothingToDo);

  const result = describeResult(state, outline, results);
  await general.recordCampaign(result);
  const { digest } = result.results;
  const stages = result.stages.map(({ id, key }) => ({ id, key }));
  state.log.add({ kind: 'campaign-finished', results: digest.sha256, stages });
  await end(state);
  return result;
}

/** Until somebody acts on what holds the campaign, or a parked stage is due. */
async function wait(
  state: CampaignState,
  carried: CarriedState,
  steering: Steering,
  archived: Promise<void>,
): Promise<never> {
  const nextTryIn = state.nextTryIn();
  // What came with the start may have been done already, before anything was waited for.
  const known = carried.steering.at(-1)?.number ?? 0;
  const wanted = () => state.lastSteering > known && !state.paused;
  if (nextTryIn === null) await condition(wanted);
  else await condition(wanted, Math.max(1, nextTryIn));
  await archived;
  await steering.finished();
  return goOnAsNewRun(state, false);
}

async function logEnd(state: CampaignState, error: unknown): Promise<void> {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const type = isCancellation(error) ? 'cancelled' : name;
  state.log.add({ kind: 'campaign-stopped', type, message });
  await CancellationScope.nonCancellable(async () => {
    if (state.asksByBatches) await stopBatches(state.campaign, null);
    await end(state);
  });
}

/** All is on record before the run ends, and its history is kept afterwards. */
async function end({ campaign, log }: CampaignState): Promise<void> {
  await log.written();
  if (log.isEnabled) await archiveThisRun(campaign, log.carried);
}

/** @param quiet whether the new run has nothing to do before somebody asks or a parked stage is due */
async function goOnAsNewRun(state: CampaignState, quiet: boolean): Promise<never> {
  const scope = CancellationScope.current();
  // The next run would know nothing of a wish to end this one, which may have come while all was being put on record.
  if (scope.consideredCancelled) await scope.cancelRequested;
  const memo = { plan: state.plan, waiting: quiet ? state.waitsOn : null };
  const initialVersioningBehavior = 'AUTO_UPGRADE';
  const goOn = makeContinueAsNewFunc<typeof trainingCampaign>({ memo, initialVersioningBehavior });
  return goOn(state.carry(quiet));
}

function describeResult(
  { campaign, plan, stages }: CampaignState,
  outline: PlanOutline,
  results: ReadonlyMap<string, StageResult>,
): CampaignResult {
  const table = results.get(RESULTS)?.outputs['results'];
  if (!table) throw new Error('the plan has no stage that compares evaluations');
  const finished = outline.stages.map((stage) =>
    describe(stage, results.get(stage.id), stages.get(stage.id)),
  );
  return { campaign, plan, results: table, stages: finished };
}

function describe(
  stage: OutlinedStage,
  result: StageResult | undefined,
  progress: StageProgress | undefined,
): FinishedStage {
  if (!result) throw new Error(`stage ${stage.id} has no result`);
  const { key, seconds, outputs, counts, cost } = result;
  const after = [...new Set(Object.values(stage.inputs).map((input) => input.stage))];
  return { id: stage.id, key, seconds, reused: progress?.state === 'reused', after, outputs, counts, cost };
}
